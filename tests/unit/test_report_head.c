/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "report_run.h"

static void notes_are_few_and_do_not_judge_early(void **state)
{
	struct report *(*const make[])(void) = {story_report, hostile_report, empty_report};

	for (size_t i = 0; i < N_OF(make); i++) {
		struct report *r = make[i]();

		assert_true(r->head.n >= 2 && r->head.n <= 8);
		assert_null(note_with(r, "LEAK")); /* a few samples are too few for one */
		report__free(r);
	}
}

static void who_grew_comes_first(void **state)
{
	struct run run = new_run(20);
	struct report *r;

	grow(&run, 1234, PROC_TARGET, 12, 280);
	grow(&run, 77, 0, 10, 12);
	build(&run);
	assert_string_equal(run.r->head.v[0].text,
			    "p1234 (pid 1234) grew +268 MiB in 20 s, +47.1 GiB/h: anon +268 MiB");
	assert_null(note_with(run.r, "pid 77"));
	report__free(run.r);

	r = story_report();
	assert_non_null(strstr(r->head.v[0].text, "2 watched processes (1 ended): +320 MiB"));
	assert_non_null(strstr(r->head.v[1].text, "too short to tell"));
	assert_non_null(strstr(r->head.v[2].text, "it still holds 269 MiB: 268 MiB user"));
	assert_non_null(strstr(r->head.v[3].text, "left ~123 MiB behind: 110 MiB page cache"));
	/* through a parent that took pages and died in between */
	assert_non_null(strstr(r->head.v[4].text, "40.0 MiB of its memory lives on"));
	assert_non_null(strstr(r->head.v[4].text, "in heir (pid 1301)"));
	assert_non_null(strstr(r->head.v[5].text, "3 known limits apply"));
	report__free(r);
}

static void nobody_is_watched_by_the_monitor(void **state)
{
	struct run run = new_run(20);

	put(run.info.mode, sizeof(run.info.mode), "monitor");
	grow(&run, 77, 0, 10, 210);
	build(&run);
	assert_true(run.r->whole_machine);
	assert_non_null(note_with(run.r, "p77 (pid 77) grew most: +200 MiB"));
	assert_null(note_with(run.r, "not watched"));
	report__free(run.r);
}

static void heirs_are_found_through_the_dead(void **state)
{
	struct run run = new_run(20);
	struct owner_sample o = story_owner(1, "root", 50 * MIB, 0, 0);

	o.dead = true;
	o.residue = (struct residue){.known = true, .inherited = 50 * MIB};
	own(&run, o);
	o = story_owner(2, "middle", 0, 0, 0);
	o.dead = true;
	o.parent = (struct proc_id){1, 100};
	own(&run, o);
	o = story_owner(3, "grandchild", MIB, 0, 0);
	o.parent = (struct proc_id){2, 200};
	own(&run, o);
	o = story_owner(4, "stranger", MIB, 0, 0);
	o.parent = (struct proc_id){1, 999}; /* another process of the same pid */
	own(&run, o);
	o = story_owner(5, "circle", MIB, 0, 0);
	o.parent = (struct proc_id){5, 500};
	own(&run, o);
	build(&run);
	assert_string_equal(note_with(run.r, "inherited"),
			    "root (pid 1) has exited, 50.0 MiB of its memory lives on (inherited, "
			    "not left behind) in grandchild (pid 3)");
	assert_int_equal(run.r->left_behind.n, 0);
	report__free(run.r);
}

static void a_neighbour_that_grows_more(void **state)
{
	struct run run = new_run(20);

	grow(&run, 1, PROC_TARGET, 10, 10);
	grow(&run, 77, 0, 100, 300);
	build(&run);
	assert_non_null(strstr(run.r->head.v[0].text, "p1 (pid 1) hardly changed: 0 B in 20 s"));
	assert_non_null(
		note_with(run.r, "p77 (pid 77), which is not watched, grew more: +200 MiB"));
	assert_non_null(note_with(run.r, "Next: memtrace --pid 77 --duration 10m"));
	assert_non_null(note_with(run.r, "Nothing is known to be missing"));
	report__free(run.r);
}

static void we_are_no_neighbour(void **state)
{
	struct run run = new_run(20);

	assert_int_equal(facts__add(&run.first.facts, "self", "pid", "77"), 0);
	grow(&run, 1, PROC_TARGET, 10, 10);
	grow(&run, 77, 0, 100, 300);
	grow(&run, 78, 0, 100, 200);
	build(&run);
	assert_non_null(note_with(run.r, "p78 (pid 78), which is not watched, grew more"));
	assert_null(note_with(run.r, "pid 77"));
	report__free(run.r);
}

static void what_to_type_next(void **state)
{
	static const struct {
		uint64_t seconds, to_mib, left_mib;
		bool ended, bpf;
		const char *want;
		const char *mode;
	} cases[] = {
		{20, 100, 0, false, true, "Next: memtrace --pid 1 --duration 10m", "pid"},
		{600, 100, 0, false, true, "Next: pmap -x 1 ", "pid"},
		{600, 10, 0, false, true, "Next: memtrace --pid 1 --duration 1h", "pid"},
		{20, 100, 0, false, true, "Next: memtrace --duration 10m -- 1234 (", "command"},
		{600, 100, 0, false, true, "Next: memtrace --duration 1h -- 1234 (does", "command"},
		{600, 10, 50, false, true, "Next: df -h -t tmpfs; ipcs -m", "pid"},
		{600, 100, 50, true, true, "Next: df -h -t tmpfs; ipcs -m", "pid"},
		{600, 10, 0, false, false, "Next: memtrace --doctor", "pid"},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct run run = new_run(cases[i].seconds);
		struct owner_sample o = story_owner(2, "gone", cases[i].left_mib * MIB, 0, 0);

		run.info.bpf = cases[i].bpf;
		put(run.info.mode, sizeof(run.info.mode), cases[i].mode);
		put(run.info.target, sizeof(run.info.target), "1234");
		grow(&run, 1, PROC_TARGET, 10, cases[i].to_mib);
		run.last.procs.v[0].end.ended = cases[i].ended;
		o.dead = true;
		o.residue = (struct residue){.known = true, .shmem = cases[i].left_mib * MIB};
		own(&run, o);
		build(&run);
		if (strncmp(run.r->head.v[run.r->head.n - 1].text, cases[i].want,
			    strlen(cases[i].want)))
			fail_msg("%zu: %s", i, run.r->head.v[run.r->head.n - 1].text);
		report__free(run.r);
	}
}

static void add_line(struct tick *t, const char *name, uint64_t mib)
{
	struct meminfo_line l = {.bytes = mib * MIB};

	put(l.name, sizeof(l.name), name);
	assert_int_equal(vec_push(&t->meminfo, l), 0);
}

/* What the machine lost beside the growth of who is watched. */
static void the_rest_of_the_loss_is_told(void **state)
{
	struct run run = new_run(20);
	struct tick *ticks[] = {&run.first, &run.last};

	for (uint64_t i = 0; i < 2; i++) {
		add_line(ticks[i], "MemTotal", 4000);
		add_line(ticks[i], "MemFree", 3000 - 1000 * i);
		add_line(ticks[i], "MemAvailable", 3000 - 1000 * i);
		add_line(ticks[i], "AnonPages", 500 + 600 * i);
		add_line(ticks[i], "Cached", 400 * i);
		add_line(ticks[i], "Shmem", 400 * i);
	}
	grow(&run, 1, PROC_TARGET, 10, 610);
	build(&run);
	assert_null(note_with(run.r, "is anonymous"));
	assert_string_equal(
		note_with(run.r, "another"),
		"another 400 MiB of the 1000 MiB that MemAvailable lost is shared memory, "
		"tmpfs; stays until it is removed, whoever made it");
	report__free(run.r);
}

static void unreadable_target(void **state)
{
	struct run run = new_run(20);

	assert_int_equal(vec_push(&run.first.procs, (struct proc_sample){.id = {1, 1},
									 .comm = "secret",
									 .flags = PROC_TARGET}),
			 0);
	build(&run);
	assert_non_null(strstr(run.r->head.v[0].text, "Growth of secret (pid 1) is unknown"));
	report__free(run.r);

	run = new_run(20);
	build(&run);
	assert_non_null(note_with(run.r, "None of the processes asked for was seen"));
	report__free(run.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_are_few_and_do_not_judge_early),
		cmocka_unit_test(who_grew_comes_first),
		cmocka_unit_test(nobody_is_watched_by_the_monitor),
		cmocka_unit_test(heirs_are_found_through_the_dead),
		cmocka_unit_test(a_neighbour_that_grows_more),
		cmocka_unit_test(we_are_no_neighbour),
		cmocka_unit_test(what_to_type_next),
		cmocka_unit_test(the_rest_of_the_loss_is_told),
		cmocka_unit_test(unreadable_target),
	};

	return cmocka_run_group_tests_name("report_head", tests, NULL, NULL);
}
