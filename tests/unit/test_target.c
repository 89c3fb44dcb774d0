/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "target_world.h"

static void test_pids_and_descendants(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	/* 60 and 50 are children with lower pids than their parents; 300 is nobody's. */
	SEE(&w, {1, 0, 1}, {50, 60, 520}, {60, 200, 510}, {100, 1}, {200, 100}, {300, 1});
	assert_int_equal(flags_of(&w, 100), PROC_TARGET);
	assert_int_equal(flags_of(&w, 200), PROC_FOLLOWED);
	assert_int_equal(flags_of(&w, 60), PROC_FOLLOWED);
	assert_int_equal(flags_of(&w, 50), PROC_FOLLOWED);
	assert_int_equal(flags_of(&w, 300), 0);
	assert_int_equal(flags_of(&w, 1), 0);
	assert_int_equal(w.tick.events.n, 0); /* was there before us */
	assert_int_equal(target_set__alive(w.set, PROC_TARGET), 1);
	assert_int_equal(target_set__alive(w.set, PROC_FOLLOWED), 3);
	assert_int_equal(target_set__alive(w.set, ALL), 4);
	world_end(&w);
}

static void test_flags_of_before_do_not_stay(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {100, 1}, {300, 1, 300, "y", 0, PROC_FOLLOWED | PROC_EXECED});
	assert_int_equal(flags_of(&w, 300), 0);
	assert_true(w.rows[1].flags & PROC_EXECED);
	world_end(&w);
}

static void test_no_follow(void **state)
{
	struct target_spec spec = spec_100;
	struct world w;

	spec.no_follow = true;
	world_start(&w, &spec);
	assert_int_equal(
		target_set__learn(w.set, (struct proc_id){200, 200}, (struct proc_id){100, 100}),
		0);
	SEE(&w, {100, 1}, {200, 100});
	assert_int_equal(flags_of(&w, 200), 0);
	assert_int_equal(target_set__alive(w.set, ALL), 1);
	world_end(&w);
}

static void test_orphans_stay_followed(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {1, 0}, {100, 1}, {200, 100}, {300, 200});
	SEE(&w, {1, 0}, {100, 1}, {300, 1});
	assert_int_equal(flags_of(&w, 300), PROC_FOLLOWED);
	assert_int_equal(w.tick.events.n, 0); /* 200 was no target */
	/* also when the target itself is gone, and for what the orphan forks */
	SEE(&w, {1, 0}, {300, 1}, {400, 300});
	assert_event(&w, EVENT_TARGET_EXITED, 100, "pid 100 (x) exited");
	assert_int_equal(flags_of(&w, 300), PROC_FOLLOWED);
	assert_int_equal(flags_of(&w, 400), PROC_FOLLOWED);
	assert_int_equal(flags_of(&w, 1), 0);
	assert_int_equal(target_set__alive(w.set, PROC_TARGET), 0);
	assert_int_equal(target_set__alive(w.set, ALL), 2);
	world_end(&w);
}

/* A daemon's second fork: the one between came and went unseen by any list. */
static void test_learned_parents(void **state)
{
	struct target_set *s;
	struct world w;

	world_start(&w, &spec_100);
	s = w.set;
	SEE(&w, {1, 0}, {100, 1});
	/* in the order that needs more than one pass, one of them twice */
	assert_int_equal(target_set__learn(s, (struct proc_id){150, 9}, (struct proc_id){300, 7}),
			 0);
	assert_int_equal(target_set__learn(s, (struct proc_id){300, 7}, (struct proc_id){200, 5}),
			 0);
	assert_int_equal(target_set__learn(s, (struct proc_id){300, 7}, (struct proc_id){200, 5}),
			 0);
	assert_int_equal(target_set__learn(s, (struct proc_id){200, 5}, (struct proc_id){100, 100}),
			 0);
	assert_int_equal(target_set__learn(s, (struct proc_id){500, 5}, (struct proc_id){501, 5}),
			 0);
	SEE(&w, {1, 0}, {100, 1}, {150, 1, 9}, {300, 1, 7}, {400, 300, 8}, {500, 1, 5});
	assert_int_equal(flags_of(&w, 300), PROC_FOLLOWED);
	assert_int_equal(flags_of(&w, 150), PROC_FOLLOWED);
	assert_int_equal(flags_of(&w, 400), PROC_FOLLOWED); /* by its ppid, learned of by a link */
	assert_int_equal(flags_of(&w, 500), 0);
	assert_int_equal(target_set__alive(s, ALL), 4);
	assert_int_equal(w.tick.events.n, 0);
	world_end(&w);
}

static void test_learned_before_the_list_shows_it(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {100, 1});
	assert_int_equal(
		target_set__learn(w.set, (struct proc_id){300, 7}, (struct proc_id){100, 100}), 0);
	SEE(&w, {100, 1});
	assert_int_equal(target_set__alive(w.set, ALL), 1);
	SEE(&w, {100, 1}, {300, 1, 7});
	assert_int_equal(flags_of(&w, 300), PROC_FOLLOWED);
	/* another process with that pid is not the one that was learned of */
	assert_int_equal(
		target_set__learn(w.set, (struct proc_id){400, 8}, (struct proc_id){100, 100}), 0);
	SEE(&w, {100, 1}, {300, 1, 7}, {400, 1, 9});
	assert_int_equal(flags_of(&w, 400), 0);
	world_end(&w);
}

/* Read across a reuse: the "parent" is younger than its child. */
static void test_younger_parent_is_none(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {100, 1, 5000}, {200, 100, 4000});
	assert_int_equal(flags_of(&w, 200), 0);
	world_end(&w);
}

static void test_comm(void **state)
{
	const struct target_spec spec = {.comm = "nginx"};
	struct world w;

	world_start(&w, &spec);
	SEE(&w, {10, 1, 0, "nginx"}, {11, 1, 0, "nginx2"}, {12, 1, 0, "ngin"}, {13, 1, 0, "Nginx"},
	    {14, 10, 0, "nginx"}, {15, 10, 0, "sh"});
	assert_int_equal(flags_of(&w, 10), PROC_TARGET);
	assert_int_equal(flags_of(&w, 11), 0);
	assert_int_equal(flags_of(&w, 12), 0);
	assert_int_equal(flags_of(&w, 13), 0);
	assert_int_equal(flags_of(&w, 14), PROC_TARGET);
	assert_int_equal(flags_of(&w, 15), PROC_FOLLOWED);
	assert_int_equal(w.tick.events.n, 0);

	/* later ones are told; a followed one that takes the name becomes a target */
	SEE(&w, {10, 1, 0, "nginx"}, {15, 10, 0, "nginx", 0, PROC_EXECED}, {20, 1, 0, "nginx"});
	assert_int_equal(flags_of(&w, 15), PROC_TARGET);
	assert_int_equal(flags_of(&w, 20), PROC_TARGET);
	assert_int_equal(n_events(&w, EVENT_TARGET_STARTED), 2);
	assert_int_equal(n_events(&w, EVENT_TARGET_EXITED), 1); /* 14 */
	assert_int_equal(w.tick.events.n, 3);

	/* who gives the name up stays */
	SEE(&w, {10, 1, 0, "nginx"}, {15, 10, 0, "nginx"}, {20, 1, 0, "perl"});
	assert_int_equal(flags_of(&w, 20), PROC_TARGET);
	assert_event(&w, EVENT_TARGET_EXEC, 20, "perl now, was nginx");
	world_end(&w);
}

static void test_comm_of_fifteen_bytes(void **state)
{
	const struct target_spec spec = {.comm = "a-very-long-program-name"};
	struct world w;

	world_start(&w, &spec);
	SEE(&w, {10, 1, 0, "a-very-long-pro"}, {11, 1, 0, "a-very-long-pr"});
	assert_int_equal(flags_of(&w, 10), PROC_TARGET);
	assert_int_equal(flags_of(&w, 11), 0);
	world_end(&w);
}

static void test_cgroup(void **state)
{
	const uint32_t first[] = {10, 12}, second[] = {13, 14};
	const struct target_spec spec = {.self_pid = 14};
	struct world w;

	world_start(&w, &spec);
	assert_int_equal(target_set__set_cgroup(w.set, first, 2), 0);
	SEE(&w, {10, 1}, {11, 1}, {12, 1}, {13, 1}, {14, 1});
	assert_int_equal(flags_of(&w, 10), PROC_TARGET);
	assert_int_equal(flags_of(&w, 11), 0);
	assert_int_equal(flags_of(&w, 12), PROC_TARGET);
	assert_int_equal(flags_of(&w, 13), 0);

	/* one joins, two leave and stay targets, we ourselves are none */
	assert_int_equal(target_set__set_cgroup(w.set, second, 2), 0);
	SEE(&w, {10, 1}, {11, 1}, {12, 1}, {13, 1}, {14, 1});
	assert_int_equal(flags_of(&w, 10), PROC_TARGET);
	assert_int_equal(flags_of(&w, 13), PROC_TARGET);
	assert_int_equal(flags_of(&w, 14), 0);
	assert_event(&w, EVENT_TARGET_STARTED, 13, "is a target from now on");
	assert_int_equal(target_set__set_cgroup(w.set, NULL, 0), 0);
	SEE(&w, {10, 1}, {11, 1});
	assert_int_equal(flags_of(&w, 11), 0);
	world_end(&w);
}

/* `memtrace --pid $$`: we are a child of the shell, and no part of what it does. */
static void test_self_is_not_followed(void **state)
{
	const uint32_t both[] = {100, 101};
	struct target_spec spec = {.pids = pid_100, .n_pids = 1, .self_pid = 101};
	struct world w;

	world_start(&w, &spec);
	assert_int_equal(
		target_set__learn(w.set, (struct proc_id){101, 101}, (struct proc_id){100, 100}),
		0);
	SEE(&w, {100, 1}, {101, 100}, {102, 101});
	assert_int_equal(flags_of(&w, 101), 0);
	assert_int_equal(flags_of(&w, 102), 0);
	world_end(&w);

	spec.pids = both; /* asked for by name: so be it */
	spec.n_pids = 2;
	world_start(&w, &spec);
	SEE(&w, {100, 1}, {101, 100});
	assert_int_equal(flags_of(&w, 101), PROC_TARGET);
	world_end(&w);
}

static void test_absent_at_the_start_is_never_a_target(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {1, 0});
	assert_int_equal(target_set__alive(w.set, ALL), 0);
	SEE(&w, {1, 0}, {100, 1});
	assert_int_equal(flags_of(&w, 100), 0);
	assert_int_equal(w.tick.events.n, 0);
	world_end(&w);
}

static void test_kernel_threads_are_not_followed(void **state)
{
	const uint32_t kthreadd[] = {2};
	const struct target_spec spec = {.pids = kthreadd, .n_pids = 1};
	struct world w;

	world_start(&w, &spec);
	SEE(&w, {2, 0, 0, "kthreadd", 0, PROC_KTHREAD}, {3, 2, 0, "kswapd0", 0, PROC_KTHREAD},
	    {4, 0, 0, "orphan"});
	assert_int_equal(flags_of(&w, 3), 0);
	assert_int_equal(flags_of(&w, 4), 0);
	world_end(&w);
}

static int count_member(void *arg, const struct target *t)
{
	(void)t;
	++*(size_t *)arg;
	return 0;
}

static int stop_at_second(void *arg, const struct target *t)
{
	(void)t;
	return ++*(size_t *)arg == 2 ? -7 : 0;
}

/* A build that forks for days: what is gone must not pile up. */
static void test_memory_is_bounded(void **state)
{
	size_t n = 0;
	struct world w;

	world_start(&w, &spec_100);
	for (uint32_t i = 0; i < 1000; i++)
		SEE(&w, {100, 1}, {200, 100, 1000 + i}, {300 + i % 30000, 200, 1000 + i});
	assert_int_equal(target_set__each(w.set, count_member, &n), 0);
	assert_in_range(n, 3, 12);
	n = 0;
	assert_int_equal(target_set__each(w.set, stop_at_second, &n), -7);
	assert_int_equal(n, 2);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pids_and_descendants),
		cmocka_unit_test(test_flags_of_before_do_not_stay),
		cmocka_unit_test(test_no_follow),
		cmocka_unit_test(test_orphans_stay_followed),
		cmocka_unit_test(test_learned_parents),
		cmocka_unit_test(test_learned_before_the_list_shows_it),
		cmocka_unit_test(test_younger_parent_is_none),
		cmocka_unit_test(test_comm),
		cmocka_unit_test(test_comm_of_fifteen_bytes),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_self_is_not_followed),
		cmocka_unit_test(test_absent_at_the_start_is_never_a_target),
		cmocka_unit_test(test_kernel_threads_are_not_followed),
		cmocka_unit_test(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
