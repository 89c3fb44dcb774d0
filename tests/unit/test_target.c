/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/spawn.h"
#include "cli/target.h"

#define ALL (PROC_TARGET | PROC_FOLLOWED)
#define MAX_PROCS 64

/* Rows name what matters to them; the rest is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* One process as a tick sees it; literal in the tests. */
struct row {
	uint32_t pid, ppid;
	uint64_t start;
	const char *comm;
	char state; /* 0: sleeping */
	uint32_t flags;
	uint64_t threads; /* 0: not known */
};

struct world {
	struct target_set *set;
	struct proc_sample rows[MAX_PROCS];
	struct task_list list;
	struct tick tick;
};

static void world_start(struct world *w, const struct target_spec *spec)
{
	memset(w, 0, sizeof(*w));
	assert_int_equal(target_set__new(spec, &w->set), 0);
	w->list.v = w->rows;
}

static void world_end(struct world *w)
{
	target_set__free(w->set);
	tick__free(&w->tick);
}

/* One update with these processes (ended by pid 0), after which w->tick holds its events alone. */
static void see(struct world *w, const struct row *rows)
{
	w->list.n = 0;
	for (; rows->pid; rows++) {
		struct proc_sample *p = &w->rows[w->list.n++];

		assert_true(w->list.n <= MAX_PROCS);
		memset(p, 0, sizeof(*p));
		p->id = (struct proc_id){rows->pid, rows->start ? rows->start : rows->pid};
		p->ppid = rows->ppid;
		p->state = rows->state ? rows->state : 'S';
		p->flags = rows->flags;
		if (rows->threads) {
			p->known = 1u << PROC_THREADS;
			p->value[PROC_THREADS] = rows->threads;
		}
		snprintf(p->comm, sizeof(p->comm), "%s", rows->comm ? rows->comm : "x");
	}
	w->tick.events.n = 0;
	w->tick.time_ns++;
	assert_int_equal(target_set__update(w->set, &w->list, &w->tick), 0);
	for (size_t i = 0; i < w->tick.events.n; i++)
		assert_int_equal(w->tick.events.v[i].time_ns, w->tick.time_ns);
}

#define SEE(w, ...) see(w, (const struct row[]){__VA_ARGS__, {0}})
#define SEE_NOBODY(w) see(w, (const struct row[]){{0}})

static uint32_t flags_of(const struct world *w, uint32_t pid)
{
	for (size_t i = 0; i < w->list.n; i++)
		if (w->rows[i].id.pid == pid)
			return w->rows[i].flags & ALL;
	fail_msg("pid %u is not in the list", pid);
	return 0;
}

static size_t n_events(const struct world *w, enum event_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < w->tick.events.n; i++)
		n += w->tick.events.v[i].kind == kind;
	return n;
}

/* That there is this event and no other. */
static void assert_event(const struct world *w, enum event_kind kind, uint32_t pid,
			 const char *text)
{
	assert_int_equal(w->tick.events.n, 1);
	assert_int_equal(w->tick.events.v[0].kind, kind);
	assert_int_equal(w->tick.events.v[0].id.pid, pid);
	if (!strstr(w->tick.events.v[0].text, text))
		fail_msg("'%s' lacks '%s'", w->tick.events.v[0].text, text);
}

static const uint32_t pid_100[] = {100};
static const struct target_spec spec_100 = {.pids = pid_100, .n_pids = 1};

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

static void test_exit_is_told_once(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {100, 1, 0, "victim"});
	SEE_NOBODY(&w);
	assert_event(&w, EVENT_TARGET_EXITED, 100, "victim");
	assert_int_equal(target_set__alive(w.set, ALL), 0);
	for (int i = 0; i < 5; i++) {
		SEE_NOBODY(&w);
		assert_int_equal(w.tick.events.n, 0);
	}
	world_end(&w);
}

static void test_zombies_have_exited(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {100, 1});
	SEE(&w, {100, 1, 0, "x", 'Z', 0, 1});
	assert_event(&w, EVENT_TARGET_EXITED, 100, "not collected it yet");
	assert_int_equal(flags_of(&w, 100), PROC_TARGET);
	assert_int_equal(target_set__alive(w.set, ALL), 0);
	SEE(&w, {100, 1, 0, "x", 'Z', 0, 1});
	assert_int_equal(w.tick.events.n, 0);
	SEE_NOBODY(&w);
	assert_int_equal(w.tick.events.n, 0);
	world_end(&w);
}

/* pthread_exit() in main(): the leader is a zombie, the process lives. */
static void test_dead_main_thread_is_no_exit(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {100, 1});
	SEE(&w, {100, 1, 0, "x", 'Z', 0, 3});
	assert_int_equal(w.tick.events.n, 0);
	assert_int_equal(target_set__alive(w.set, ALL), 1);
	world_end(&w);
}

static void test_pid_reuse(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {1, 0}, {100, 1, 1000, "victim"});
	SEE(&w, {1, 0}, {100, 1, 2000, "other"}, {200, 100, 2001});
	assert_int_equal(flags_of(&w, 100), 0);
	assert_int_equal(flags_of(&w, 200), 0);
	assert_int_equal(w.tick.events.n, 2);
	assert_int_equal(n_events(&w, EVENT_TARGET_EXITED), 1);
	assert_int_equal(n_events(&w, EVENT_PID_REUSED), 1);
	assert_non_null(strstr(w.tick.events.v[1].text, "(other), not the target (victim)"));
	assert_int_equal(w.tick.events.v[1].id.start_ticks, 2000);
	SEE(&w, {1, 0}, {100, 1, 2000, "other"});
	assert_int_equal(w.tick.events.n, 0);
	world_end(&w);
}

/* However late: one named by --pid is remembered, and each newcomer is told once. */
static void test_pid_reuse_later(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {100, 1, 1000, "victim"});
	for (int i = 0; i < 10; i++)
		SEE_NOBODY(&w);
	SEE(&w, {100, 1, 2000, "other"});
	assert_event(&w, EVENT_PID_REUSED, 100, "other");
	assert_int_equal(flags_of(&w, 100), 0);
	SEE(&w, {100, 1, 3000, "third"});
	assert_event(&w, EVENT_PID_REUSED, 100, "third");
	world_end(&w);
}

static void test_reused_pid_of_a_followed_one(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {1, 0}, {100, 1}, {200, 100, 1000});
	SEE(&w, {1, 0}, {100, 1}, {200, 1, 2000});
	assert_int_equal(flags_of(&w, 200), 0);
	assert_int_equal(w.tick.events.n, 0);
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

static void test_exec(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {100, 1, 0, "sh", 0, PROC_EXECED}); /* before us: not our news */
	assert_int_equal(w.tick.events.n, 0);
	SEE(&w, {100, 1, 0, "java", 0, PROC_EXECED});
	assert_event(&w, EVENT_TARGET_EXEC, 100, "executes java now, was sh");
	assert_int_equal(flags_of(&w, 100), PROC_TARGET);
	SEE(&w, {100, 1, 0, "java"});
	assert_int_equal(w.tick.events.n, 0);
	SEE(&w, {100, 1, 0, "java", 0, PROC_EXECED});
	assert_event(&w, EVENT_TARGET_EXEC, 100, "executes a program anew");
	/* nobody saw an exec: prctl() renames, too */
	SEE(&w, {100, 1, 0, "worker"});
	assert_event(&w, EVENT_TARGET_EXEC, 100, "another program, or another name");
	world_end(&w);
}

static void test_exec_of_followed_is_no_event(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {100, 1}, {200, 100, 0, "sh"});
	SEE(&w, {100, 1}, {200, 100, 0, "cc", 0, PROC_EXECED});
	assert_int_equal(w.tick.events.n, 0);
	assert_int_equal(flags_of(&w, 200), PROC_FOLLOWED);
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

static void test_command(void **state)
{
	const struct target_spec spec = {.command_pid = 200, .self_pid = 100};
	struct world w;

	world_start(&w, &spec);
	SEE(&w, {100, 1, 0, "memtrace"}, {200, 100, 0, SPAWN_COMM});
	assert_int_equal(flags_of(&w, 200), PROC_TARGET);
	assert_int_equal(flags_of(&w, 100), 0);
	assert_event(&w, EVENT_TARGET_STARTED, 200, "the command runs as pid 200");
	/* its first exec is the start that was told, the second is news */
	SEE(&w, {100, 1, 0, "memtrace"}, {200, 100, 0, "sh", 0, PROC_EXECED});
	assert_int_equal(w.tick.events.n, 0);
	SEE(&w, {100, 1, 0, "memtrace"}, {200, 100, 0, "ls", 0, PROC_EXECED});
	assert_event(&w, EVENT_TARGET_EXEC, 200, "executes ls now, was sh");
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

/* A name may fill its 16 bytes; the text must end, and hold it. */
static void test_unterminated_comm(void **state)
{
	struct world w;

	world_start(&w, &spec_100);
	SEE(&w, {100, 1, 0, "a"});
	w.tick.events.n = 0;
	memset(w.rows[0].comm, 'z', COMM_SIZE);
	assert_int_equal(target_set__update(w.set, &w.list, &w.tick), 0);
	assert_event(&w, EVENT_TARGET_EXEC, 100, "zzzzzzzzzzzzzzzz now, was a:");
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
		cmocka_unit_test(test_exit_is_told_once),
		cmocka_unit_test(test_zombies_have_exited),
		cmocka_unit_test(test_dead_main_thread_is_no_exit),
		cmocka_unit_test(test_pid_reuse),
		cmocka_unit_test(test_pid_reuse_later),
		cmocka_unit_test(test_reused_pid_of_a_followed_one),
		cmocka_unit_test(test_younger_parent_is_none),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_exec_of_followed_is_no_event),
		cmocka_unit_test(test_comm),
		cmocka_unit_test(test_comm_of_fifteen_bytes),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_self_is_not_followed),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_absent_at_the_start_is_never_a_target),
		cmocka_unit_test(test_kernel_threads_are_not_followed),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_unterminated_comm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
