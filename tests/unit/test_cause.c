/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/cause.h"

#define MIB (1024ll * 1024)

static struct report *new_report(int64_t available, int64_t free_change)
{
	struct report *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->total.ledger_known = true;
	r->total.free = free_change;
	r->available = (struct span){true, false, (uint64_t)(1000 * MIB),
				     (uint64_t)(1000 * MIB + available)};
	return r;
}

static void line(struct report *r, enum ledger_line which, int64_t from, int64_t to)
{
	const struct report_ledger_line l = {
		.line = which, .start = (uint64_t)(from * MIB), .end = (uint64_t)(to * MIB)};

	assert_int_equal(vec_push(&r->ledger, l), 0);
}

static void holder(struct report *r, enum hidden_kind kind, uint32_t pid, const char *comm,
		   const char *name, int64_t to)
{
	struct report_hidden row = {.start_known = true, .end = (uint64_t)(to * MIB)};

	row.last.kind = kind;
	row.last.id = (struct proc_id){pid, 1};
	snprintf(row.last.comm, sizeof(row.last.comm), "%s", comm);
	snprintf(row.last.name, sizeof(row.last.name), "%s", name);
	assert_int_equal(vec_push(&r->hidden, row), 0);
}

static void assert_said(const struct cause *c, const char *want, const char *next)
{
	struct strbuf b = {0};

	cause_say(c, &b);
	assert_string_equal(b.s, want);
	b.len = 0;
	b.s[0] = '\0';
	cause_say_next(c, &b);
	assert_string_equal(b.s, next);
	strbuf_free(&b);
}

static void a_ring_and_its_process(void **state)
{
	struct report *r = new_report(-1300 * MIB / 4, -300 * MIB);
	struct cause c;

	line(r, LEDGER_FREE, 1000, 700);
	line(r, LEDGER_PAGE_CACHE, 100, 900); /* available all the same */
	line(r, LEDGER_ANON, 100, 120);
	line(r, LEDGER_PACKET_RINGS, 0, 300);
	holder(r, HIDDEN_PACKET_RING, 812, "tcpdump", "", 290);
	holder(r, HIDDEN_PACKET_RING, 813, "other", "", 10);
	assert_true(cause_find(r, NULL, 0, &c));
	assert_said(&c,
		    "300 MiB of the 325 MiB that MemAvailable lost is packet rings: 290 MiB of "
		    "tcpdump (pid 812) (sock_diag); no meminfo line names it; freed when the "
		    "socket is closed",
		    "Next: ls -l /proc/812/fd | grep socket");
	/* Something else gave back the difference. */
	r->available.end = r->available.start - (uint64_t)(290 * MIB);
	assert_true(cause_find(r, NULL, 0, &c));
	assert_said(&c,
		    "all of the 290 MiB that MemAvailable lost, and more, is packet rings: 290 MiB "
		    "of tcpdump (pid 812) (sock_diag); no meminfo line names it; freed when the "
		    "socket is closed",
		    "Next: ls -l /proc/812/fd | grep socket");
	report__free(r);
}

static void dentries_are_no_leak(void **state)
{
	const struct owner_sample owners[] = {
		{.kind = OWNER_ASYNC, .live = {0, 0, 5 * MIB}},
		{.id = {77, 1}, .comm = "updatedb", .dead = true, .live = {0, 0, 90 * MIB}},
	};
	struct report *r = new_report(-2 * MIB, -100 * MIB);
	struct cause c;

	line(r, LEDGER_FREE, 1000, 900);
	line(r, LEDGER_SLAB_RECLAIMABLE, 50, 148);
	holder(r, HIDDEN_SLAB_RECLAIMABLE, 0, "", "dentry", 96);
	assert_true(cause_find(r, owners, 2, &c));
	assert_said(&c,
		    "98.0 MiB of the 100 MiB that MemFree lost is slab, reclaimable: 96.0 MiB of "
		    "dentry (/proc/slabinfo); 90.0 MiB of kernel pages taken by updatedb (pid 77), "
		    "which has ended; reclaimable, not a leak; MemAvailable hardly changed",
		    "Next: slabtop -o -s c | head -20");
	assert_true(cause_find_reclaimable(r, owners, 2, &c));
	assert_int_equal(c.basis, CAUSE_GROWN);
	/* Somebody with less than half of it is not who. */
	assert_true(cause_find(r, owners, 1, &c));
	assert_null(c.taker);
	report__free(r);
}

static void path(struct report *r, const char *cache, uint32_t pid, const char *comm, int64_t mib,
		 const char *const *functions)
{
	struct report_path p = {
		.domain = PATH_SLAB, .id = {pid, 1}, .live_bytes = (uint64_t)(mib * MIB)};

	snprintf(p.what, sizeof(p.what), "%s", cache);
	snprintf(p.comm, sizeof(p.comm), "%s", comm);
	for (; *functions; functions++) {
		struct path_frame f = {.function = strings__keep(&r->strings, *functions)};

		assert_non_null(f.function);
		assert_int_equal(vec_push(&p.frames, f), 0);
	}
	assert_int_equal(vec_push(&r->paths, p), 0);
}

/* Asked for by the second function. */
static struct report_path *pages(struct report *r, enum ledger_line which, uint32_t pid,
				 int64_t mib, const char *asker, const char *driver)
{
	const char *comm = pid == 77 ? "updatedb" : pid ? "insmod" : "";
	struct report_path p = {.domain = PATH_KERNEL,
				.class = "pages",
				.line = which,
				.line_more = which,
				.asker = 1,
				.id = {pid, 1},
				.growth_bytes = mib * MIB,
				.live_bytes = (uint64_t)(mib * MIB),
				.error_bytes = (uint64_t)(3 * MIB)};
	struct path_frame f = {.function = strings__keep(&r->strings, "__alloc_pages")};

	snprintf(p.comm, sizeof(p.comm), "%s", comm);
	p.driver = strings__keep(&r->strings, driver);
	assert_int_equal(vec_push(&p.frames, f), 0);
	f.function = strings__keep(&r->strings, asker);
	assert_int_equal(vec_push(&p.frames, f), 0);
	assert_int_equal(vec_push(&r->paths, p), 0);
	return &r->paths.v[r->paths.n - 1];
}

/* By several ways, none of which has a third of it alone; not those of others. */
static void pages_and_who_asked(void **state)
{
	const struct owner_sample owner = {.id = {812, 1}, .dead = true};
	struct report *r = new_report(-1000 * MIB, -1000 * MIB);
	struct report_path *p;
	struct cause c;

	line(r, LEDGER_KERNEL_PAGES, 0, 1000);
	for (int i = 0; i < 4; i++) {
		p = pages(r, LEDGER_KERNEL_PAGES, 812, 200, "leak_pages", "leaker");
		p->place = (struct path_place){
			.cgroup = "/x", .runtime = RUNTIME_DOCKER, .name = "web", .id = "f00"};
	}
	vec_for_each(path, &r->paths)
		path->place.cgroup = r->paths.v[0].place.cgroup;
	pages(r, LEDGER_KERNEL_PAGES, 0, 190, "leak_pages", "leaker");
	pages(r, LEDGER_KERNEL_PAGES, 812, 180, "other", "leaker");
	pages(r, LEDGER_PIPES, 812, 900, "pipe_write", NULL);
	assert_true(cause_find(r, NULL, 0, &c));
	assert_said(&c,
		    "1000 MiB of the 1000 MiB that MemAvailable lost is kernel pages, new, owned; "
		    "800 MiB +- 6.0 MiB asked for by leak_pages [leaker], insmod (pid 812) in "
		    "docker container web; taken in its name, in no other line",
		    "Next: cat /proc/812/stack; ls -l /proc/812/fd");
	assert_true(cause_find(r, &owner, 1, &c));
	assert_true(c.path.ended);
	r->info.pid = 812;
	assert_true(cause_find(r, NULL, 0, &c));
	assert_said(&c,
		    "1000 MiB of the 1000 MiB that MemAvailable lost is kernel pages, new, owned; "
		    "800 MiB +- 6.0 MiB asked for by leak_pages [leaker], insmod (pid 812), this "
		    "tool itself in docker container web; taken in its name, in no other line",
		    "");
	for (size_t i = 0; i < 4; i++)
		r->paths.v[i].error_bytes = (uint64_t)(500 * MIB); /* may be chance */
	assert_true(cause_find(r, NULL, 0, &c));
	assert_null(c.path.path);
	report__free(r);
}

static void what_explains_the_rest(void **state)
{
	struct report *r = new_report(-1000 * MIB, -1000 * MIB);
	struct cause first, rest, none;

	line(r, LEDGER_SHMEM, 0, 300);
	line(r, LEDGER_PIPES, 0, 190);
	line(r, LEDGER_KERNEL_PAGES, 0, 500);
	line(r, LEDGER_PAGE_CACHE, 0, 900); /* takes nothing from MemAvailable */
	holder(r, HIDDEN_SYSV, 40, "pg", "shmid 3", 290);
	pages(r, LEDGER_KERNEL_PAGES, 0, 490, "leak_pages", NULL)->place =
		(struct path_place){.cgroup = "/x",
				    .charged = true,
				    .runtime = RUNTIME_PODMAN,
				    .name = "db",
				    .id = "f00"};
	assert_true(cause_find(r, NULL, 0, &first));
	assert_said(&first,
		    "500 MiB of the 1000 MiB that MemAvailable lost is kernel pages, new, owned; "
		    "490 MiB +- 3.0 MiB asked for by leak_pages, interrupts for podman container "
		    "db; taken in its name, in no other line",
		    "");
	assert_true(cause_find_rest(r, NULL, 0, &first, &rest));
	assert_said(&rest,
		    "another 300 MiB of the 1000 MiB that MemAvailable lost is shared memory, "
		    "tmpfs: 290 MiB of shmid 3, pg (pid 40) (/proc/sysvipc/shm); stays until it is "
		    "removed, whoever made it",
		    "Next: ls -l /proc/40/fd");
	r->ledger.v[0].end = (uint64_t)(199 * MIB); /* not a fifth */
	assert_false(cause_find_rest(r, NULL, 0, &first, &none));
	report__free(r);
}

/* Objects are traced from when slab began to grow, its pages from the start. */
static void a_few_objects_do_not_hide_the_pages(void **state)
{
	static const char *const stat[] = {"kmem_cache_alloc", "__d_alloc", NULL};
	struct report *r = new_report(-2 * MIB, -200 * MIB);
	struct cause c;

	line(r, LEDGER_SLAB_RECLAIMABLE, 0, 200);
	holder(r, HIDDEN_SLAB_RECLAIMABLE, 0, "", "dentry", 190);
	pages(r, LEDGER_SLAB_RECLAIMABLE, 77, 180, "d_alloc", NULL);
	path(r, "dentry", 78, "find", 20, stat);
	assert_true(cause_find(r, NULL, 0, &c));
	assert_said(&c,
		    "200 MiB of the 200 MiB that MemFree lost is slab, reclaimable: 190 MiB of "
		    "dentry (/proc/slabinfo); 100 % of 20.0 MiB traced is of __d_alloc, by find "
		    "(pid 78); 180 MiB +- 3.0 MiB asked for by d_alloc, updatedb (pid 77); "
		    "reclaimable, not a leak; MemAvailable hardly changed",
		    "Next: slabtop -o -s c | head -20");
	path(r, "dentry", 78, "find", 90, stat);
	assert_true(cause_find(r, NULL, 0, &c));
	assert_said(&c,
		    "200 MiB of the 200 MiB that MemFree lost is slab, reclaimable: 190 MiB of "
		    "dentry (/proc/slabinfo); 100 % of 110 MiB traced is of __d_alloc, by find "
		    "(pid 78); reclaimable, not a leak; MemAvailable hardly changed",
		    "Next: slabtop -o -s c | head -20");
	r->info.pid = 78;
	assert_true(cause_find(r, NULL, 0, &c));
	assert_said(&c,
		    "200 MiB of the 200 MiB that MemFree lost is slab, reclaimable: 190 MiB of "
		    "dentry (/proc/slabinfo); 100 % of 110 MiB traced is of __d_alloc, by find "
		    "(pid 78), this tool itself; reclaimable, not a leak; MemAvailable hardly "
		    "changed",
		    "Next: slabtop -o -s c | head -20");
	report__free(r);
}

/* Two ways to the same function are one; other caches and other processes are not. */
static void dentries_by_path(void **state)
{
	static const char *const stat[] = {
		"kmem_cache_alloc_lru_noprof", "__d_alloc",	"d_alloc", "lookup_slow",
		"__do_sys_newfstatat",	       "do_syscall_64", NULL};
	static const char *const fast[] = {"kmem_cache_alloc_lru_noprof", "__d_alloc",
					   "d_alloc_parallel", "__do_sys_newfstatat", NULL};
	static const char *const other[] = {"__kmalloc_noprof", "other", NULL};
	const struct owner_sample owner = {.id = {77, 1}, .live = {0, 0, 90 * MIB}};
	struct report *r = new_report(-2 * MIB, -100 * MIB);
	struct cause c;

	line(r, LEDGER_SLAB_RECLAIMABLE, 50, 148);
	holder(r, HIDDEN_SLAB_RECLAIMABLE, 0, "", "dentry", 96);
	r->hidden.v[0].end_count = 200000;
	r->negative_dentries = (struct span){true, false, 1000, 199000};
	path(r, "dentry", 77, "updatedb", 50, stat);
	path(r, "dentry", 77, "updatedb", 25, fast);
	path(r, "dentry", 78, "other", 5, stat);
	path(r, "dentry", 0, "", 0, other);
	path(r, "kmalloc-64", 79, "more", 900, other);
	assert_true(cause_find(r, &owner, 1, &c));
	assert_said(&c,
		    "98.0 MiB of the 100 MiB that MemFree lost is slab, reclaimable: 96.0 MiB of "
		    "dentry (/proc/slabinfo); 94 % of 80.0 MiB traced is of __d_alloc for "
		    "newfstatat, by updatedb (pid 77); 99 % of the new ones are of names that are "
		    "not there; reclaimable, not a leak; MemAvailable hardly changed",
		    "Next: slabtop -o -s c | head -20");
	/* Split among many: nobody's. */
	for (uint32_t i = 100; i < 120; i++)
		path(r, "dentry", i, "many", 20, stat);
	assert_true(cause_find(r, &owner, 1, &c));
	assert_null(c.slab.function);
	assert_non_null(c.taker);
	report__free(r);
}

/* An interrupt's, and without a system call. */
static void objects_of_interrupts(void **state)
{
	static const char *const rx[] = {"__kmalloc_node_track_caller_noprof", "kmalloc_reserve",
					 "__alloc_skb", "napi_poll", NULL};
	struct report *r = new_report(-100 * MIB, -100 * MIB);
	struct cause c;

	line(r, LEDGER_SLAB_UNRECLAIMABLE, 0, 100);
	holder(r, HIDDEN_SLAB_UNRECLAIMABLE, 0, "", "kmalloc-2k", 100);
	path(r, "kmalloc-2k", 0, "", 80, rx);
	assert_true(cause_find(r, NULL, 0, &c));
	assert_said(&c,
		    "100 MiB of the 100 MiB that MemAvailable lost is slab, unreclaimable: 100 MiB "
		    "of kmalloc-2k (/proc/slabinfo); 100 % of 80.0 MiB traced is of __alloc_skb, "
		    "in interrupts; kernel objects that only their owner frees",
		    "Next: slabtop -o -s c | head -20");
	report__free(r);
}

static void processes_own_memory(void **state)
{
	struct report *r = new_report(-200 * MIB, -200 * MIB);
	struct report_process p = {.id = {9, 1}, .comm = "java"};
	struct cause c;

	p.value[PROC_ANON] = (struct span){true, false, 0, (uint64_t)(180 * MIB)};
	line(r, LEDGER_ANON, 100, 300);
	assert_int_equal(vec_push(&r->processes, p), 0);
	assert_true(cause_find(r, NULL, 0, &c));
	assert_ptr_equal(c.process, r->processes.v);
	assert_said(&c,
		    "200 MiB of the 200 MiB that MemAvailable lost is anonymous: 180 MiB of java "
		    "(pid 9); memory of processes",
		    "Next: memtrace --pid 9 --duration 10m");
	r->info.pid = 9;
	assert_true(cause_find(r, NULL, 0, &c));
	assert_said(&c,
		    "200 MiB of the 200 MiB that MemAvailable lost is anonymous: 180 MiB of java "
		    "(pid 9), this tool itself; memory of processes",
		    "");
	report__free(r);
}

static void what_has_ended_gets_no_command(void **state)
{
	struct report *r = new_report(-64 * MIB, -64 * MIB);
	struct cause c;

	line(r, LEDGER_SHMEM, 0, 64);
	holder(r, HIDDEN_SYSV, 40, "", "shmid 3", 64);
	r->hidden.v[0].last.is_left = true;
	assert_true(cause_find(r, NULL, 0, &c));
	assert_said(&c,
		    "64.0 MiB of the 64.0 MiB that MemAvailable lost is shared memory, tmpfs: 64.0 "
		    "MiB of shmid 3, pid 40, which has ended (/proc/sysvipc/shm); stays until "
		    "it is removed, whoever made it",
		    "Next: ipcs -mp; df -h -t tmpfs; lsof +L1");
	report__free(r);
}

/* 64 MiB of shared memory, while others gave back 60. */
static void what_others_gave_back_hides_nothing(void **state)
{
	struct report *r = new_report(-4 * MIB, -4 * MIB);
	struct cause c;

	r->total.taken = (uint64_t)(70 * MIB);
	line(r, LEDGER_PAGE_CACHE, 100, 300);
	line(r, LEDGER_ANON, 200, 140);
	line(r, LEDGER_VMALLOC, 10, 16);
	line(r, LEDGER_SHMEM, 0, 64);
	holder(r, HIDDEN_SYSV, 40, "", "shmid 3", 64);
	r->hidden.v[0].last.is_left = true;
	assert_true(cause_find(r, NULL, 0, &c));
	assert_said(&c,
		    "64.0 MiB of the 70.0 MiB taken is shared memory, tmpfs: 64.0 MiB of shmid 3, "
		    "pid 40, which has ended (/proc/sysvipc/shm); stays until it is removed, "
		    "whoever made it; MemAvailable -4.0 MiB, as memory was given back elsewhere",
		    "Next: ipcs -mp; df -h -t tmpfs; lsof +L1");
	/* It even rose. */
	r->available.end = r->available.start + (uint64_t)(9 * MIB);
	r->total.free = 12 * MIB;
	assert_true(cause_find(r, NULL, 0, &c));
	assert_int_equal(c.basis, CAUSE_TAKEN);
	assert_int_equal(c.amount, 70 * MIB);
	/* It fell, by less than this took: not "20 of the 20 lost". */
	r->available.end = r->available.start - (uint64_t)(20 * MIB);
	assert_true(cause_find(r, NULL, 0, &c));
	assert_int_equal(c.basis, CAUSE_TAKEN);
	/* Nearly all of it: the loss is what people ask about. */
	r->available.end = r->available.start - (uint64_t)(50 * MIB);
	assert_true(cause_find(r, NULL, 0, &c));
	assert_int_equal(c.basis, CAUSE_LOST);
	assert_int_equal(c.amount, 50 * MIB);
	/* Nobody says what MemAvailable did. */
	r->available.known = false;
	assert_true(cause_find(r, NULL, 0, &c));
	assert_said(&c,
		    "64.0 MiB of the 70.0 MiB taken is shared memory, tmpfs: 64.0 MiB of shmid 3, "
		    "pid 40, which has ended (/proc/sysvipc/shm); stays until it is removed, "
		    "whoever made it",
		    "Next: ipcs -mp; df -h -t tmpfs; lsof +L1");
	/* Taken in many small parts: no line is the cause. */
	r->total.taken = (uint64_t)(700 * MIB);
	assert_false(cause_find(r, NULL, 0, &c));
	report__free(r);
}

/* A little was taken, and far more went to the file cache: that is what MemFree is asked about. */
static void file_cache_is_told_beside_small_takings(void **state)
{
	struct report *r = new_report(-2 * MIB, -500 * MIB);
	struct cause c;

	r->total.taken = (uint64_t)(12 * MIB);
	line(r, LEDGER_PAGE_CACHE, 100, 590);
	line(r, LEDGER_ANON, 100, 112);
	assert_true(cause_find(r, NULL, 0, &c));
	assert_said(&c,
		    "490 MiB of the 500 MiB that MemFree lost is page cache; file cache: "
		    "reclaimable, not a leak; MemAvailable hardly changed",
		    "");
	report__free(r);
}

static void no_cause_without_loss(void **state)
{
	struct report *r = new_report(-2 * MIB, -20 * MIB);
	struct cause c;

	/* The CPUs' lists are as good as free. */
	line(r, LEDGER_FREE_PCP, 0, 20);
	line(r, LEDGER_ANON, 0, 2);
	assert_false(cause_find(r, NULL, 0, &c));
	assert_false(cause_find_reclaimable(r, NULL, 0, &c));
	r->total.free = -200 * MIB;
	r->available.end = 0;
	assert_false(cause_find(r, NULL, 0, &c)); /* no line grew by a share of it */
	line(r, LEDGER_UNNAMED, 0, 900);
	assert_true(cause_find(r, NULL, 0, &c));
	assert_int_equal(c.line, LEDGER_UNNAMED);
	r->total.ledger_known = false;
	assert_false(cause_find(r, NULL, 0, &c));
	report__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_and_its_process),
		cmocka_unit_test(dentries_are_no_leak),
		cmocka_unit_test(dentries_by_path),
		cmocka_unit_test(objects_of_interrupts),
		cmocka_unit_test(pages_and_who_asked),
		cmocka_unit_test(what_explains_the_rest),
		cmocka_unit_test(a_few_objects_do_not_hide_the_pages),
		cmocka_unit_test(processes_own_memory),
		cmocka_unit_test(what_has_ended_gets_no_command),
		cmocka_unit_test(what_others_gave_back_hides_nothing),
		cmocka_unit_test(file_cache_is_told_beside_small_takings),
		cmocka_unit_test(no_cause_without_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
