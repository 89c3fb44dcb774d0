/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/spawn.h"
#include "target_world.h"

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
		cmocka_unit_test(test_exit_is_told_once),
		cmocka_unit_test(test_zombies_have_exited),
		cmocka_unit_test(test_dead_main_thread_is_no_exit),
		cmocka_unit_test(test_pid_reuse),
		cmocka_unit_test(test_pid_reuse_later),
		cmocka_unit_test(test_reused_pid_of_a_followed_one),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_exec_of_followed_is_no_event),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_unterminated_comm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
