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
#include <sys/stat.h>
#include <unistd.h>

#include "collect/allocinfo.h"
#include "collect/fd_walk.h"
#include "collect/hidden_set.h"
#include "collect/kmemleak.h"
#include "collect/machine.h"
#include "collect/vmallocinfo.h"
#include "collect/zoneinfo.h"
#include "fixture.h"
#include "model/machine.h"

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
	static const char *const kernels[] = {"5.10", "6.1", "6.12", "7.2"};

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
			"7f0000500000-7f0000600000 rw-s 00000000 00:0e 1  anon_inode:[io_uring]\n"
			"7f0000700000-7f0000600000 rw-s 00000000 00:0e 1  anon_inode:[perf_event]\n"
			"x-y rw-s 00000000 00:0e 1  anon_inode:[perf_event]\n"
			"7f0000800000-7f0000900000 rw-s 00000000 00:0e 1  anon_inode:[perf_event]");
	uint64_t bytes, n;

	maps_sum(text, "anon_inode:[perf_event]", &bytes, &n);
	assert_int_equal(bytes, 0x201000);
	assert_int_equal(n, 2);
	maps_sum(text, "[heap]", &bytes, &n);
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

/* --- a tree --- */

static void write_at(const char *root, const char *path, const char *text)
{
	char full[256], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void link_at(const char *root, const char *path, const char *target)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	assert_int_equal(symlink(target, full), 0);
}

static const struct hidden_sample *row_of(const struct tick *t, enum hidden_kind kind)
{
	vec_for_each(row, &t->hidden)
		if (row->kind == kind)
			return row;
	return NULL;
}

static void a_captured_tree(void **state)
{
	char root[] = "/tmp/memtrace-hidden.XXXXXX", command[64];
	struct proc_sample p = {.id = {77, 1}, .comm = "holder"};
	struct task_list procs = {&p, 1, 1};
	struct hidden *h = NULL;
	struct tick t = {0};
	int fd;

	assert_non_null(mkdtemp(root));
	write_at(root, "proc/77/fd/.keep", "");
	link_at(root, "proc/77/fd/3", "anon_inode:bpf-map");
	link_at(root, "proc/77/fd/4", "anon_inode:[perf_event]");
	link_at(root, "proc/77/fd/5", "/dev/dri/renderD128");
	link_at(root, "proc/77/fd/6", "pipe:[99]"); /* of another machine: not asked */
	write_at(root, "proc/77/fdinfo/3", "map_type:\t2\nmemlock:\t8388608\nmap_id:\t5\n");
	link_at(root, "proc/77/fd/7", "anon_inode:bpf-map");
	write_at(root, "proc/77/fdinfo/7",
		 "map_type:\t27\nmax_entries:\t1048576\nmemlock:\t1056000\nmap_id:\t6\n");
	write_at(root, "proc/77/fdinfo/5",
		 "drm-client-id:\t9\ndrm-resident-gtt:\t1024 KiB\ndrm-memory-gtt:\t9 KiB\n");
	write_at(root, "proc/77/maps",
		 "7f0000000000-7f0000200000 rw-s 0 00:0e 1   anon_inode:[perf_event]\n");
	write_at(
		root, "proc/sysvipc/shm",
		"       key      shmid perms                  size  cpid  lpid nattch   uid   gid  "
		"cuid  cgid      atime      dtime      ctime                   rss                "
		"  swap\n"
		"         0          3   600              4194304    40    40      0     0     0   "
		"  "
		"0     0          1          2          1               4194304                    "
		" 0\n");
	write_at(root, "proc/slabinfo",
		 "slabinfo - version: 2.1\n# name\n"
		 "dentry 100 100 192 21 1 : tunables 0 0 0 : slabdata 512 512 0\n"
		 "kmalloc-1k 8 8 1024 32 8 : tunables 0 0 0 : slabdata 2 2 0\n");
	write_at(root, "proc/allocinfo",
		 "allocinfo - version: 1.0\n  1048576 256 net/x.c:7 [x] func:leaks_pages\n");
	write_at(root, "sys/kernel/debug/page_owner_stacks/show_stacks",
		 " leaks_pages+0x1/0x2 [x]\nnr_base_pages: 256\n");
	write_at(root, "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "3\n");
	write_at(root, "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "2\n");
	write_at(root, "sys/kernel/mm/ksm/pages_shared", "10\n");
	write_at(root, "sys/fs/cgroup/cgroup.stat", "nr_descendants 5\nnr_dying_descendants 100\n");
	write_at(root, "proc/spl/kstat/zfs/arcstats", "13 1 0x01\nname type data\nsize 4 123456\n");
	fd = open_root(root);
	assert_int_equal(hidden__new(fd, 4096, &h), 0);
	assert_int_equal(hidden__read(h, &procs, &t), 0);
	assert_int_equal(row_of(&t, HIDDEN_BPF)->bytes, 8388608);
	assert_int_equal(row_of(&t, HIDDEN_BPF)->id.pid, 77);
	assert_int_equal(row_of(&t, HIDDEN_BPF_RING)->bytes, 1048576 + 4 * 4096);
	assert_int_equal(row_of(&t, HIDDEN_PERF_RING)->bytes, 0x200000);
	assert_int_equal(row_of(&t, HIDDEN_GPU)->bytes, 1024 * 1024);
	assert_null(row_of(&t, HIDDEN_PIPE));
	assert_null(row_of(&t, HIDDEN_ZRAM));
	assert_int_equal(row_of(&t, HIDDEN_SYSV)->bytes, 4194304);
	assert_true(row_of(&t, HIDDEN_SYSV)->is_left);
	assert_int_equal(row_of(&t, HIDDEN_SLAB_RECLAIMABLE)->bytes, 512 * 4096);
	assert_int_equal(row_of(&t, HIDDEN_SLAB_UNRECLAIMABLE)->bytes, 2 * 8 * 4096);
	assert_string_equal(row_of(&t, HIDDEN_ALLOC_SITE)->name, "net/x.c:7 [x] leaks_pages");
	assert_int_equal(row_of(&t, HIDDEN_PAGE_STACK)->bytes, 256 * 4096);
	assert_int_equal(row_of(&t, HIDDEN_HUGETLB)->bytes, 3 * 2048 * 1024);
	assert_int_equal(row_of(&t, HIDDEN_HUGETLB)->count, 2);
	assert_int_equal(row_of(&t, HIDDEN_KSM)->bytes, 10 * 4096);
	assert_int_equal(row_of(&t, HIDDEN_DYING_CGROUP)->count, 100);
	assert_int_equal(row_of(&t, HIDDEN_LOOK)->count, 5);
	assert_int_equal(machine_read(fd, 4096, &t), 0);
	assert_int_equal(t.machine.n, 1); /* no sys/fs/file-nr: not said to be none */
	assert_string_equal(t.machine.v[0].name, MACHINE_ARC);
	assert_int_equal(t.machine.v[0].bytes, 123456);
	hidden__free(h);
	tick__free(&t);
	close(fd);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
}

/* Nothing there: a look that found nothing, not a failure. */
static void an_empty_tree(void **state)
{
	char root[] = "/tmp/memtrace-hidden.XXXXXX";
	struct task_list procs = {0};
	struct hidden *h = NULL;
	struct tick t = {0};
	struct limits l = {0};
	int fd;

	assert_non_null(mkdtemp(root));
	fd = open_root(root);
	assert_int_equal(hidden__new(fd, 4096, &h), 0);
	assert_int_equal(hidden__read(h, &procs, &t), 0);
	assert_int_equal(t.hidden.n, 1);
	assert_int_equal(machine_read(fd, 4096, &t), 0);
	assert_int_equal(t.machine.n, 0);
	assert_int_equal(hidden__limits(h, &l), 0);
	assert_int_equal(l.n, 0);
	hidden__free(h);
	tick__free(&t);
	limits__free(&l);
	close(fd);
	rmdir(root);
}

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
		cmocka_unit_test(a_captured_tree),
		cmocka_unit_test(an_empty_tree),
		cmocka_unit_test(when_to_look_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
