/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/history.h"

#define KIB 1024ULL
#define SECOND 1000000000ULL

static struct history *h;
static struct tick t; /* being filled; feed() empties it */

static int setup(void **state)
{
	static const struct run_info info = {.mode = "pid", .page_size = 4096};

	return history__new(&info, &h);
}

static int teardown(void **state)
{
	tick__free(&t);
	history__free(h);
	return 0;
}

static struct proc_id id_of(uint32_t pid)
{
	return (struct proc_id){.pid = pid, .start_ticks = 1000 + pid};
}

/* A process with anonymous memory and swap known. */
static struct proc_sample sample(uint32_t pid, uint64_t anon)
{
	struct proc_sample s = {.id = id_of(pid), .ppid = 1, .comm = "test", .state = 'S'};

	s.known = 1U << PROC_ANON | 1U << PROC_SWAP;
	s.value[PROC_ANON] = anon;
	return s;
}

static struct proc_sample ended(struct proc_sample s)
{
	s.end.ended = true;
	return s;
}

static void add_row(struct proc_sample s)
{
	if (s.cgroup)
		s.cgroup = strdup(s.cgroup);
	assert_int_equal(vec_push(&t.procs, s), 0);
}

/* Gives the tick to the history as the next one, and empties it. */
static void feed(void)
{
	t.seq = h->n_ticks;
	t.time_ns = (1000 + h->n_ticks) * SECOND;
	t.mono_ns = (10 + h->n_ticks) * SECOND;
	assert_int_equal(history__add(h, &t), 0);
	tick__clear(&t);
}

static struct owner_sample owner(uint32_t pid, int64_t live, bool dead)
{
	struct owner_sample o = {.owner = pid, .kind = OWNER_PROCESS, .id = id_of(pid)};

	o.live[PAGES_USER] = live;
	o.taken[PAGES_USER] = 1 << 20;
	o.dead = dead;
	return o;
}

static void add_owner(struct owner_sample o)
{
	assert_int_equal(vec_push(&t.owners, o), 0);
}

static void first_last_peak(void **state)
{
	const struct proc_history *p;
	struct proc_sample s = sample(5, 100 * KIB);

	s.cgroup = (char *)"/a";
	add_row(s);
	feed();
	s = sample(5, 900 * KIB);
	s.cgroup = (char *)"/b";
	add_row(s);
	add_row(sample(6, 1 * KIB));
	feed();
	add_row(sample(5, 300 * KIB)); /* cgroup not read: as before */
	feed();
	feed();

	assert_string_equal(h->info.mode, "pid");
	assert_int_equal(h->n_ticks, 4);
	assert_int_equal(h->start_ns, 1000 * SECOND);
	assert_int_equal(h->end_ns, 1003 * SECOND);
	assert_int_equal(h->start_mono_ns, 10 * SECOND);
	assert_int_equal(h->end_mono_ns, 13 * SECOND);
	assert_int_equal(h->procs.n, 2);
	p = history__find_proc(h, id_of(5));
	assert_ptr_equal(p, h->procs.v[0]);
	assert_int_equal(p->first.value[PROC_ANON], 100 * KIB);
	assert_int_equal(p->last.value[PROC_ANON], 300 * KIB);
	assert_int_equal(p->peak[PROC_ANON], 900 * KIB);
	assert_int_equal(p->first_ns, 10 * SECOND);
	assert_int_equal(p->last_ns, 12 * SECOND);
	assert_true(p->seen_at_start);
	assert_null(p->first.cgroup);
	assert_string_equal(p->last.cgroup, "/b");
	assert_false(history__find_proc(h, id_of(6))->seen_at_start);
	assert_null(history__find_proc(h, id_of(7)));
	assert_null(history__find_proc(h, (struct proc_id){5, 1}));
}

static void unknown_is_not_zero(void **state)
{
	const struct proc_history *p;
	struct proc_sample s = sample(5, 100);

	s.known |= 1U << PROC_FDS;
	s.value[PROC_FDS] = 4;
	add_row(s);
	feed();
	s.known = 1U << PROC_ANON | 1U << PROC_HEAP; /* fds became unreadable, heap readable */
	s.value[PROC_FDS] = 77;
	s.value[PROC_HEAP] = 9;
	add_row(s);
	feed();

	p = history__find_proc(h, id_of(5));
	assert_int_equal(p->ever_known, 1U << PROC_ANON);
	assert_false(p->last.known & 1U << PROC_FDS);
	assert_false(p->first.known & 1U << PROC_HEAP);
	assert_int_equal(p->peak[PROC_FDS], 4);
}

/* A zombie has no memory of its own any more: what it had last is what counts. */
static void end_keeps_last_seen(void **state)
{
	const struct proc_history *p;
	struct proc_sample s = sample(5, 100);

	s.approx = 1U << PROC_ANON;
	add_row(s);
	feed();
	s = (struct proc_sample){.id = id_of(5), .state = 'Z'};
	add_row(s);
	feed();
	s.end = (struct proc_end){.ended = true, .status_known = true, .status = 9, .time_ns = 3};
	add_row(s);
	feed();

	p = history__find_proc(h, id_of(5));
	assert_true(p->last.known & 1U << PROC_ANON);
	assert_true(p->last.approx & 1U << PROC_ANON);
	assert_int_equal(p->last.value[PROC_ANON], 100);
	assert_true(p->last.end.ended);
	assert_int_equal(p->last.end.status, 9);
	assert_int_equal(p->last_ns, 12 * SECOND);

	add_row(sample(6, 100));
	feed();
	s = (struct proc_sample){.id = id_of(6), .end = {.ended = true}};
	add_row(s);
	feed();
	assert_int_equal(history__find_proc(h, id_of(6))->last.known, sample(6, 0).known);
	assert_int_equal(history__find_proc(h, id_of(6))->last.value[PROC_ANON], 100);
}

static void flags_stay(void **state)
{
	static const uint32_t flags[] = {PROC_TARGET, PROC_EXECED, 0};

	for (size_t i = 0; i < 3; i++) {
		struct proc_sample s = sample(5, 100);

		s.flags = flags[i];
		add_row(s);
		feed();
	}
	assert_int_equal(history__find_proc(h, id_of(5))->last.flags, PROC_TARGET | PROC_EXECED);
}

static void reused_pid_is_another(void **state)
{
	struct proc_sample s = sample(5, 100);

	add_row(s);
	feed();
	add_row(ended(s));
	s.id.start_ticks++;
	s.value[PROC_ANON] = 7;
	add_row(s);
	feed();
	assert_int_equal(h->procs.n, 2);
	assert_int_equal(history__find_proc(h, id_of(5))->last.value[PROC_ANON], 100);
	assert_int_equal(history__find_proc(h, s.id)->last.value[PROC_ANON], 7);
}

static void owners(void **state)
{
	struct owner_sample async = {.owner = 1, .kind = OWNER_ASYNC};
	struct owner_sample over = {.owner = 2, .kind = OWNER_OVERFLOW};
	struct owner_sample sh = {.kind = OWNER_EXITED_GROUP, .comm = "sh"};
	struct owner_sample cc = {.kind = OWNER_EXITED_GROUP, .comm = "cc"};

	add_owner(async);
	add_owner(over);
	add_owner(sh);
	add_owner(cc);
	add_owner(owner(5, 4096, false));
	feed();
	async.live[PAGES_KERNEL] = -4096;
	cc.members = 3;
	add_owner(async);
	add_owner(cc);
	add_owner(owner(5, 8192, true));
	feed();

	assert_int_equal(h->owners.n, 5);
	assert_int_equal(h->owners.v[0].live[PAGES_KERNEL], -4096);
	assert_int_equal(h->owners.v[2].members, 0);
	assert_int_equal(h->owners.v[3].members, 3);
	assert_ptr_equal(history__find_owner(h, id_of(5)), &h->owners.v[4]);
	assert_int_equal(h->owners.v[4].live[PAGES_USER], 8192);
	assert_null(history__find_owner(h, id_of(6)));
}

static void smaps_and_ownership(void **state)
{
	const struct proc_history *p;

	add_row(sample(5, 1));
	assert_int_equal(vec_push(&t.smaps, (struct smaps_sample){.id = id_of(5), .pss = 1}), 0);
	feed();
	p = history__find_proc(h, id_of(5));
	assert_true(p->has_smaps_first);
	assert_false(p->has_smaps_last);
	for (uint64_t i = 2; i < 4; i++)
		assert_int_equal(
			vec_push(&t.smaps, (struct smaps_sample){.id = id_of(5), .pss = i}), 0);
	assert_int_equal(
		vec_push(&t.ownership, (struct ownership_sample){.id = id_of(5), .own = 8}), 0);
	assert_int_equal(vec_push(&t.ownership, (struct ownership_sample){.id = id_of(9)}), 0);
	assert_int_equal(vec_push(&t.mapped, (struct mapped_sample){.id = id_of(5), .brk = 4}), 0);
	feed();
	assert_true(p->has_smaps_last && p->has_ownership);
	assert_int_equal(p->smaps_first.pss, 1);
	assert_int_equal(p->smaps_last.pss, 3);
	assert_int_equal(p->ownership.own, 8);
	assert_true(p->has_mapped);
	assert_int_equal(p->mapped.brk, 4);
	assert_int_equal(limits__find(&h->limits, "samples_without_process")->count, 1);
}

static void meminfo_self_and_limits(void **state)
{
	feed(); /* without meminfo: nothing known yet */
	assert_int_equal(h->meminfo_first.n, 0);
	for (uint64_t i = 1; i < 4; i++) {
		assert_int_equal(
			vec_push(&t.meminfo, (struct meminfo_line){.name = "Slab", .bytes = i}), 0);
		assert_int_equal(limits__set(&t.limits, "lost", i, "lost %d", (int)i), 0);
		t.self.events = i;
		t.n_procs = (uint32_t)i;
		feed();
	}
	feed();
	assert_int_equal(h->meminfo_first.v[0].bytes, 1);
	assert_int_equal(h->meminfo_last.v[0].bytes, 3);
	assert_int_equal(h->limits.n, 1);
	assert_int_equal(limits__find(&h->limits, "lost")->count, 3);
	assert_int_equal(h->self.events, 0);
	assert_int_equal(h->n_procs_last, 0);
}

static void events_are_bounded(void **state)
{
	for (int i = 0; i < 3; i++) {
		for (uint64_t n = 0; n < 2000; n++)
			assert_int_equal(vec_push(&t.events, (struct event){.time_ns = n}), 0);
		feed();
	}
	assert_int_equal(h->events.n, HISTORY_EVENTS_MAX);
	assert_int_equal(limits__find(&h->limits, "events_dropped")->count,
			 6000 - HISTORY_EVENTS_MAX);
}

static void remove_cgroup(const char *path, uint64_t file)
{
	struct cgroup_row row = {
		.path = strdup(path), .gone = true, .known = 1U << CGROUP_FILE, .name = "web"};

	row.value[CGROUP_FILE] = file;
	row.value[CGROUP_SLAB_RECLAIMABLE] = 1; /* not known */
	assert_non_null(row.path);
	assert_int_equal(vec_push(&t.cgroups, row), 0);
}

/* Those that left most stay, the others are counted. */
static void removed_cgroups_are_bounded(void **state)
{
	char path[32];

	assert_int_equal(vec_push(&t.cgroups, (struct cgroup_row){.path = strdup("/there")}), 0);
	remove_cgroup("/empty", 0);
	feed();
	for (uint64_t i = 0; i < HISTORY_REMOVED_MAX + 3; i++) {
		snprintf(path, sizeof(path), "/x%llu", (unsigned long long)i);
		remove_cgroup(path, 1000 + i);
	}
	remove_cgroup("/least", 1);
	feed();
	assert_int_equal(h->n_removed, HISTORY_REMOVED_MAX + 5);
	assert_int_equal(h->removed.n, HISTORY_REMOVED_MAX);
	vec_for_each(r, &h->removed) {
		assert_true(removed_cgroup_left(&r->row) >= 1003);
		assert_int_equal(r->time_ns, h->end_ns);
		assert_string_equal(r->row.name, "web");
	}
	assert_int_equal(limits__find(&h->limits, "removed_cgroups_dropped")->count, 4);
}

static uint64_t folded(void)
{
	const struct limit *l = limits__find(&h->limits, "exited_processes_folded");

	return l ? l->count : 0;
}

/* One tick in which `n` processes from `pid` on come, another in which they are gone. */
static void pass_through(uint32_t pid, uint32_t n, uint64_t moved, uint32_t flags)
{
	for (uint32_t i = 0; i < n; i++) {
		struct proc_sample s = sample(pid + i, 4096);

		s.flags = flags;
		s.cgroup = (char *)"/some/cgroup";
		add_row(s);
	}
	feed();
	for (uint32_t i = 0; i < n; i++) {
		struct proc_sample s = sample(pid + i, 4096 + moved);

		s.flags = flags;
		add_row(ended(s));
	}
	feed();
}

static void small_exited_are_folded(void **state)
{
	add_row(sample(1, 4096)); /* alive all the time */
	for (uint32_t pid = 2; pid < 6; pid++) {
		struct proc_sample s = sample(pid, 0);

		s.flags = pid == 2 ? PROC_TARGET : pid == 3 ? PROC_FOLLOWED : 0;
		add_row(s);
	}
	feed();
	for (uint32_t pid = 2; pid < 6; pid++)
		add_row(ended(sample(pid, pid == 4 ? 64 * KIB + 1 : 64 * KIB)));
	add_owner(owner(5, 4096, true)); /* left something */
	feed();

	pass_through(100, 2000, 0, 0);
	assert_int_equal(folded(), 0);
	assert_int_equal(h->procs.n, 2005);
	add_owner(owner(100, 0, true));
	add_owner(owner(101, 1, true));
	feed();
	pass_through(10000, 1000, 8 * KIB, 0);

	/* 2,999 foldable ones: 1,024 stay, the oldest go. */
	assert_int_equal(folded(), 2999 - 1024);
	assert_int_equal(h->procs.n, 3005 - folded());
	for (uint32_t pid = 1; pid < 6; pid++)
		assert_non_null(history__find_proc(h, id_of(pid)));
	assert_null(history__find_proc(h, id_of(100)));
	assert_null(history__find_owner(h, id_of(100)));
	assert_non_null(history__find_proc(h, id_of(101)));
	assert_non_null(history__find_owner(h, id_of(101)));
	assert_non_null(history__find_owner(h, id_of(5)));
	assert_non_null(history__find_proc(h, id_of(10999)));
	assert_ptr_equal(h->procs.v[0], history__find_proc(h, id_of(1)));
	assert_int_equal(h->procs.v[h->procs.n - 1]->last.id.pid, 10999);
}

/* What moved in between and came back was not small. */
static void movement_counts_not_the_difference(void **state)
{
	add_row(sample(7, 0));
	feed();
	add_row(sample(7, 1 << 20));
	feed();
	add_row(ended(sample(7, 0)));
	feed();
	pass_through(100, 5000, 0, 0);
	assert_true(folded() > 0);
	assert_non_null(history__find_proc(h, id_of(7)));
}

/* A build machine for days: everything moves, everything ends. */
static void large_exited_are_bounded(void **state)
{
	const struct limit *l;

	add_row(sample(1, 4096));
	feed();
	pass_through(2, 1, 900 << 20, 0);		/* moved most: stays */
	pass_through(3, 1, 128 * KIB, PROC_TARGET);	/* stays, always */
	pass_through(4, 100, 128 * KIB, PROC_FOLLOWED); /* go after all others */
	for (uint32_t i = 0; i < 50; i++)
		pass_through(1000 + i * 1000, 1000, (1 << 20) + i * KIB, 0);
	assert_true(h->procs.n < 7000);
	assert_int_equal(folded() + h->procs.n, 50000 + 103);
	for (uint32_t pid = 1; pid < 104; pid++)
		assert_non_null(history__find_proc(h, id_of(pid)));
	l = limits__find(&h->limits, "exited_processes_folded");
	assert_null(strstr(l->meaning, " 64 KiB")); /* says how much the largest moved */
	assert_non_null(strstr(l->meaning, "more than 10"));
}

static void followed_are_bounded_too(void **state)
{
	for (uint32_t i = 0; i < 30; i++)
		pass_through(1000 + i * 1000, 1000, 1 << 20, PROC_FOLLOWED);
	assert_true(h->procs.n < 7000);
	assert_int_equal(folded() + h->procs.n, 30000);
}

/* Processes that live between two ticks have an owner row and no process row. */
static void owners_without_process_are_bounded(void **state)
{
	add_row(sample(99999, 0));
	add_owner(owner(99999, 0, true)); /* its process is in the list: stays */
	for (uint32_t i = 0; i < 20; i++) {
		for (uint32_t n = 0; n < 1000; n++)
			add_owner(owner(i * 1000 + n, n == 7 ? 4096 : 0, true));
		feed();
	}
	assert_true(h->owners.n < 5000);
	assert_int_equal(limits__find(&h->limits, "exited_owners_folded")->count + h->owners.n,
			 20001);
	assert_non_null(history__find_owner(h, id_of(99999)));
	for (uint32_t i = 0; i < 20; i++)
		assert_non_null(history__find_owner(h, id_of(i * 1000 + 7)));
}

static void ended_process_can_come_back(void **state)
{
	pass_through(5, 1, 0, 0);
	assert_true(history__find_proc(h, id_of(5))->last.end.ended);
	add_row(sample(5, 1));
	feed();
	assert_false(history__find_proc(h, id_of(5))->last.end.ended);
	pass_through(100, 5000, 0, 0);
	assert_non_null(history__find_proc(h, id_of(5)));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_last_peak),
		TEST(unknown_is_not_zero),
		TEST(end_keeps_last_seen),
		TEST(flags_stay),
		TEST(reused_pid_is_another),
		TEST(owners),
		TEST(smaps_and_ownership),
		TEST(meminfo_self_and_limits),
		TEST(removed_cgroups_are_bounded),
		TEST(events_are_bounded),
		TEST(small_exited_are_folded),
		TEST(movement_counts_not_the_difference),
		TEST(large_exited_are_bounded),
		TEST(followed_are_bounded_too),
		TEST(owners_without_process_are_bounded),
		TEST(ended_process_can_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
