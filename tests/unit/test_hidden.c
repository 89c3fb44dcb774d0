/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readers of what no process's counters show. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/allocinfo.h"
#include "collect/fd_walk.h"
#include "collect/hidden_set.h"
#include "collect/kmemleak.h"
#include "collect/vmallocinfo.h"
#include "collect/zoneinfo.h"
#include "fixture.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

/* --- texts --- */

static void free_pages_of_cpus(void **state)
{
	uint64_t pages = 7;

	assert_int_equal(zoneinfo_pcp_parse(text_of("Node 0, zone DMA\n  pages free 9\n"
						    "  pagesets\n    cpu: 0\n"
						    "              count: 5\n"
						    "              high: 0\n"
						    "    cpu: 1\n"
						    "              count:    6\n"
						    "Node 1, zone Normal\n"
						    "        count: 100\n"
						    "  pagesets\n"
						    "              count: 1\n"
						    "              count: 50"),
					    &pages),
			 0);
	assert_int_equal(pages, 12);
	pages = 7;
	assert_int_equal(zoneinfo_pcp_parse(text_of("count: 5\n"), &pages), -EBADMSG);
	assert_int_equal(zoneinfo_pcp_parse(text_of(""), &pages), -EBADMSG);
	assert_int_equal(pages, 7);
}

static const struct vmalloc_caller *caller(const struct vmalloc_callers *c, const char *name)
{
	vec_for_each(v, c)
		if (!strcmp(v->name, name))
			return v;
	return NULL;
}

static void vmalloc_callers(void **state)
{
	struct vmalloc_callers c = {0};

	assert_int_equal(
		vmallocinfo_parse(
			text_of("0x1-0x2   20480 kernel_clone+0x94/0x3e0 pages=4 vmalloc N0=4\n"
				"0x1-0x2   20480 kernel_clone+0x94/0x3e0 pages=4 vmalloc N0=4\n"
				"0x2-0x3    8192 acpi_os_map_iomem+0x1/0x2 phys=0x1 ioremap\n"
				"0x3-0x4 1052672 nf_hash+0x1/0x2 [nf_conntrack] pages=256 vmalloc\n"
				"0x5-0x6   12288 unpurged vm_area\n"
				"garbage\n"
				"0x3-0x4 1052672 cut+0x1/0x2 pages=25"),
			&c),
		0);
	assert_int_equal(c.n, 2);
	assert_int_equal(caller(&c, "kernel_clone")->pages, 8);
	assert_int_equal(caller(&c, "kernel_clone")->areas, 2);
	assert_true(caller(&c, "kernel_clone")->is_stack);
	assert_int_equal(caller(&c, "nf_hash")->pages, 256);
	assert_false(caller(&c, "nf_hash")->is_stack);
	vec_free(&c);
}

/* Stacks are vmalloc's in all of them, by a name that is known. */
static void vmalloc_of_kernels(void **state)
{
	static const char *const kernels[] = {"5.10", "6.1", "6.12", "6.18", "7.2"};

	for (size_t i = 0; i < N_OF(kernels); i++) {
		struct vmalloc_callers c = {0};
		char path[64];
		bool has_stacks = false;
		int root;

		snprintf(path, sizeof(path), "tests/fixtures/kernels/%s", kernels[i]);
		root = open_root(path);
		assert_int_equal(vmallocinfo_read(root, &c), 0);
		close(root);
		vec_for_each(v, &c)
			has_stacks |= v->is_stack;
		assert_true(has_stacks && c.n > 5);
		vec_free(&c);
	}
}

static void sites_of_allocations(void **state)
{
	struct alloc_sites s = {0};

	assert_int_equal(
		allocinfo_parse(
			text_of("allocinfo - version: 1.0\n"
				"#     <size>  <calls> <tag info>\n"
				"     4096        1 mm/slub.c:100 func:alloc_slab_page\n"
				"        0        0 mm/none.c:1 func:none\n"
				"  1048576      256 net/x.c:7 [x] func:leaks_pages accurate:no\n"
				"     cut 1"),
			&s),
		0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.v[0].name, "mm/slub.c:100 alloc_slab_page");
	assert_string_equal(s.v[1].name, "net/x.c:7 [x] leaks_pages accurate:no");
	assert_int_equal(s.v[1].bytes, 1048576);
	assert_int_equal(s.v[1].count, 256);
	s.n = 0;
	assert_int_equal(allocinfo_parse(text_of("1 1 a.c:1 func:f\n"), &s), -EBADMSG);
	assert_int_equal(s.n, 0);
	vec_free(&s);
}

static void stacks_of_pages(void **state)
{
	struct alloc_sites s = {0};

	assert_int_equal(page_stacks_parse(text_of(" get_page_from_freelist+0x1/0x2\n"
						   " __alloc_pages_noprof+0x1/0x2\n"
						   " alloc_one_pg_vec_page+0x1/0x2\n"
						   " packet_set_ring+0x1/0x2\n"
						   " packet_setsockopt+0x1/0x2\n"
						   " do_sock_setsockopt+0x1/0x2\n"
						   "nr_base_pages: 16\n\n"
						   " only_zero+0x1/0x2\n"
						   "nr_base_pages: 0\n\n"
						   " old+0x1/0x2\nstack_count: 3\n"),
					   4096, &s),
			 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.v[0].name,
			    "alloc_one_pg_vec_page < packet_set_ring < packet_setsockopt");
	assert_int_equal(s.v[0].bytes, 65536);
	assert_string_equal(s.v[1].name, "old");
	vec_free(&s);
}

static void objects_that_nothing_refers_to(void **state)
{
	struct alloc_sites s = {0};

	assert_int_equal(
		kmemleak_parse(text_of("unreferenced object 0xffff888003d5b000 (size 64):\n"
				       "  comm \"insmod\", pid 99, jiffies 4294894652\n"
				       "  hex dump (first 32 bytes):\n"
				       "    00 11 22 33 44 55 66 77  ................\n"
				       "  backtrace (crc 1b2c):\n"
				       "    kmemleak_alloc+0x1/0x2\n"
				       "    __kmalloc_cache_noprof+0x1/0x2\n"
				       "    leaks_objects+0x1/0x2 [x]\n"
				       "    do_one_initcall+0x1/0x2\n"
				       "unreferenced object 0xffff888003d5c000 (size 128):\n"
				       "  comm \"insmod\", pid 99, jiffies 4294894652 (age 9.1s)\n"
				       "  backtrace:\n"
				       "    [<000000004a>] __kmalloc+0x1/0x2\n"
				       "    [<000000004b>] leaks_objects+0x1/0x2 [x]\n"
				       "    [<000000004c>] do_one_initcall+0x1/0x2\n"),
			       &s),
		0);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.v[0].name, "leaks_objects < do_one_initcall");
	assert_int_equal(s.v[0].bytes, 192);
	assert_int_equal(s.v[0].count, 2);
	vec_free(&s);
}

static void numbers_of_fdinfo(void **state)
{
	const struct cursor text = text_of("pos:\t0\nmemlock:\t16781312\nmap_id:\t7\n"
					   "drm-resident-gtt:\t2048 KiB\nsizes: 1\nbad:\tx\n");
	uint64_t n = 0;

	assert_int_equal(fdinfo_find(text, "memlock", &n), 0);
	assert_int_equal(n, 16781312);
	assert_int_equal(fdinfo_find(text, "drm-resident-gtt", &n), 0);
	assert_int_equal(n, 2048 * 1024);
	assert_int_equal(fdinfo_find(text, "size", &n), -ENOENT);
	assert_int_equal(fdinfo_find(text, "bad", &n), -ENOENT);
}

static void mappings_by_name(void **state)
{
	const struct cursor text =
		text_of("7f0000000000-7f0000200000 rw-s 00000000 00:0e 1  anon_inode:[perf_event]\n"
			"7f0000400000-7f0000401000 rw-s 00000000 00:0e 1  anon_inode:[perf_event]\n"
			"7f0000500000-7f0000641000 rw-s 00000000 00:0e 1  anon_inode:[io_uring]\n"
			"7f0001000000-7f0001800000 rw-s 00000000 00:0e 1  anon_inode:[io_uring]\n"
			"7f0000700000-7f0000600000 rw-s 00000000 00:0e 1  anon_inode:[perf_event]\n"
			"x-y rw-s 00000000 00:0e 1  anon_inode:[perf_event]\n"
			"7f0000800000-7f0000900000 rw-s 00000000 00:0e 1  anon_inode:[perf_event]");
	uint64_t bytes, n;

	maps_sum(text, "anon_inode:[perf_event]", 0, &bytes, &n);
	assert_int_equal(bytes, 0x201000);
	assert_int_equal(n, 2);
	maps_sum(text, "anon_inode:[io_uring]", 0x400000, &bytes, &n);
	assert_int_equal(bytes, 0x200000 + 0x800000);
	assert_int_equal(n, 2);
	maps_sum(text, "[heap]", 0, &bytes, &n);
	assert_int_equal(bytes + n, 0);
}

/* --- the set --- */

static void holders_are_added_up(void **state)
{
	struct hidden_set s = {0};
	struct hidden_sample row = {.kind = HIDDEN_PIPE, .id = {7, 1}, .bytes = 10, .count = 1};

	assert_int_equal(hidden_set__add(&s, &row), 0);
	assert_int_equal(hidden_set__add(&s, &row), 0);
	row.id.start_ticks = 2; /* the pid was used again */
	assert_int_equal(hidden_set__add(&s, &row), 0);
	assert_int_equal(s.list.n, 2);
	assert_int_equal(s.list.v[0].bytes, 20);
	assert_int_equal(s.list.v[0].count, 2);
	hidden_set__free(&s);
}

static void small_holders_are_folded(void **state)
{
	struct hidden_set s = {0};
	uint64_t sum = 0;

	for (uint32_t i = 1; i <= 300; i++) {
		struct hidden_sample row = {.kind = HIDDEN_PIPE, .id = {i, 1}, .bytes = i};

		assert_int_equal(hidden_set__add(&s, &row), 0);
	}
	hidden_set__fold(&s);
	assert_int_equal(s.list.n, 65);
	assert_int_equal(s.list.v[0].bytes, 300);
	assert_string_equal(s.list.v[64].name, "others");
	vec_for_each(row, &s.list)
		sum += row->bytes;
	assert_int_equal(sum, 300 * 301 / 2);
	hidden_set__free(&s);
}

/* --- when --- */

static void meminfo(struct tick *t, uint64_t free_mib, uint64_t anon_mib)
{
	const struct meminfo_line lines[] = {{"MemTotal", 16384ull << 20, false},
					     {"MemFree", free_mib << 20, false},
					     {"AnonPages", anon_mib << 20, false}};

	t->meminfo.n = 0;
	for (size_t i = 0; i < N_OF(lines); i++)
		assert_int_equal(vec_push(&t->meminfo, lines[i]), 0);
}

/* Another look is worth it where memory went that no process shows. */
static void when_to_look_again(void **state)
{
	struct task_list procs = {0};
	struct hidden *h = NULL;
	struct tick t = {0};
	int fd = open_root("tests/fixtures/proc");

	assert_int_equal(hidden__new(fd, 4096, &h), 0);
	meminfo(&t, 8000, 1000);
	assert_false(hidden__is_due(h, &t));
	assert_int_equal(hidden__read(h, &procs, &t), 0);
	assert_int_equal(hidden__machine(h, &t), 0);
	assert_false(hidden__is_due(h, &t));
	meminfo(&t, 4000, 5000); /* a process's own */
	assert_false(hidden__is_due(h, &t));
	meminfo(&t, 7700, 1000);
	assert_true(hidden__is_due(h, &t));
	meminfo(&t, 9000, 1000);
	assert_false(hidden__is_due(h, &t));
	hidden__free(h);
	tick__free(&t);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_pages_of_cpus),
		cmocka_unit_test(vmalloc_callers),
		cmocka_unit_test(vmalloc_of_kernels),
		cmocka_unit_test(sites_of_allocations),
		cmocka_unit_test(stacks_of_pages),
		cmocka_unit_test(objects_that_nothing_refers_to),
		cmocka_unit_test(numbers_of_fdinfo),
		cmocka_unit_test(mappings_by_name),
		cmocka_unit_test(holders_are_added_up),
		cmocka_unit_test(small_holders_are_folded),
		cmocka_unit_test(when_to_look_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
