/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "report_run.h"

/* --- processes --- */

static void targets_first_then_by_growth(void **state)
{
	static const uint32_t want[] = {3, 2, 1, 6, 5, 7, 8, 4};
	struct run run = new_run(10);

	grow(&run, 1, PROC_TARGET, 10, 10);
	grow(&run, 2, PROC_FOLLOWED, 10, 11);
	grow(&run, 3, PROC_TARGET, 20, 10); /* shrinking is moving */
	grow(&run, 4, 0, 10, 10);
	grow(&run, 5, 0, 10, 30);
	grow(&run, 6, 0, 90, 10);
	grow(&run, 7, 0, 10, 15);
	grow(&run, 8, 0, 10, 15); /* alike: by pid */
	build(&run);
	assert_pids(run.r, want, N_OF(want));
	assert_int_equal(run.r->processes.v[0].growth_bytes, -10 * (int64_t)MIB);
	report__free(run.r);
}

static void small_others_are_left_out(void **state)
{
	static const uint32_t want[] = {1, 2, 3, 4};
	struct run run = new_run(10);

	run.options = (struct report_options){.top = 2, .min_bytes = 2 * MIB};
	grow(&run, 1, PROC_TARGET, 10, 11);
	grow(&run, 2, PROC_FOLLOWED, 10, 10);
	grow(&run, 3, 0, 10, 40);
	grow(&run, 4, 0, 10, 30);
	grow(&run, 5, 0, 10, 20); /* beyond the top */
	grow(&run, 6, 0, 10, 11); /* too little */
	grow(&run, 9, PROC_KTHREAD, 0, 50);
	build(&run);
	assert_pids(run.r, want, N_OF(want));
	report__free(run.r);

	/* no bound on their number */
	run = new_run(10);
	for (uint32_t i = 1; i < 50; i++)
		grow(&run, i, 0, 0, i);
	build(&run);
	assert_int_equal(run.r->processes.n, 49);
	report__free(run.r);
}

static void growth_is_anon_swap_and_shmem(void **state)
{
	struct run run = new_run(3600);
	struct proc_sample p = {.id = {1, 1}, .flags = PROC_TARGET};
	const struct report_process *got;

	p.known = 1U << PROC_ANON | 1U << PROC_SWAP | 1U << PROC_SHMEM | 1U << PROC_FILE |
		  1U << PROC_RSS;
	assert_int_equal(vec_push(&run.first.procs, p), 0);
	p.value[PROC_ANON] = 1;
	p.value[PROC_SWAP] = 20;
	p.value[PROC_SHMEM] = 300;
	p.value[PROC_FILE] = 4000;
	p.value[PROC_RSS] = 4301;
	p.approx = 1U << PROC_SWAP;
	assert_int_equal(vec_push(&run.last.procs, p), 0);
	/* nothing but RSS, and nothing at all */
	p = (struct proc_sample){.id = {2, 2}, .flags = PROC_TARGET, .known = 1U << PROC_RSS};
	assert_int_equal(vec_push(&run.first.procs, p), 0);
	p.value[PROC_RSS] = 70;
	assert_int_equal(vec_push(&run.last.procs, p), 0);
	p = (struct proc_sample){.id = {3, 3}, .flags = PROC_TARGET};
	assert_int_equal(vec_push(&run.first.procs, p), 0);
	build(&run);

	got = &run.r->processes.v[0];
	assert_true(got->growth_known && got->growth_approx && got->rate_known);
	assert_int_equal(got->growth_bytes, 321);
	assert_true(got->rate_bytes_per_hour > 320.9 && got->rate_bytes_per_hour < 321.1);
	assert_false(got->value[PROC_FILE].approx);
	assert_int_equal(span_delta(got->value[PROC_RSS]), 4301);
	assert_int_equal(got[1].growth_bytes, 70);
	assert_false(got[2].growth_known || got[2].rate_known || got[2].value[PROC_RSS].known);
	report__free(run.r);
}

static void value_known_at_one_end_only(void **state)
{
	struct run run = new_run(10);
	struct proc_sample p = anon(1, PROC_TARGET, 5);

	assert_int_equal(vec_push(&run.first.procs, p), 0);
	p.known |= 1U << PROC_SWAP;
	p.value[PROC_SWAP] = 100 * MIB;
	assert_int_equal(vec_push(&run.last.procs, p), 0);
	assert_int_equal(vec_push(&run.first.smaps, (struct smaps_sample){.id = {1, 1}, .pss = 1}),
			 0);
	build(&run);
	assert_false(run.r->processes.v[0].value[PROC_SWAP].known);
	assert_int_equal(run.r->processes.v[0].growth_bytes, 0);
	assert_false(run.r->processes.v[0].pss.known || run.r->processes.v[0].uss.known);
	report__free(run.r);
}

static void no_rate_below_a_second(void **state)
{
	static const struct {
		uint64_t ms;
		bool known;
	} cases[] = {{0, false}, {999, false}, {1000, true}, {20000, true}};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct run run = new_run(0);

		run.last.mono_ns += cases[i].ms * 1000000;
		grow(&run, 1, PROC_TARGET, 0, 1);
		build(&run);
		assert_int_equal(run.r->processes.v[0].rate_known, cases[i].known);
		assert_int_equal(run.r->processes.v[0].seen_ns, cases[i].ms * 1000000);
		assert_int_equal(!!note_with(run.r, "/h"), cases[i].known);
		report__free(run.r);
	}
}

/* A process that did not change any more was there until the end; one that
 * ended was not. */
static void seen_until_the_end(void **state)
{
	struct run run = new_run(60);
	struct history *h = NULL;
	struct tick middle = {0};
	struct proc_sample p = anon(2, PROC_TARGET, 9);

	begin_tick(&middle, 1, 20);
	p.end = (struct proc_end){true, true, 0x0300, middle.time_ns};
	assert_int_equal(vec_push(&run.first.procs, anon(1, PROC_TARGET, 1)), 0);
	assert_int_equal(vec_push(&run.first.procs, anon(2, PROC_TARGET, 1)), 0);
	assert_int_equal(vec_push(&middle.procs, p), 0);
	assert_int_equal(history__new(&run.info, &h), 0);
	assert_int_equal(history__add(h, &run.first), 0);
	assert_int_equal(history__add(h, &middle), 0);
	assert_int_equal(history__add(h, &run.last), 0);
	assert_int_equal(report__build(h, &run.options, &run.r), 0);

	assert_int_equal(run.r->processes.v[0].id.pid, 2);
	assert_int_equal(run.r->processes.v[0].seen_ns, 20 * SAMPLE_NS_PER_S);
	assert_int_equal(run.r->processes.v[1].seen_ns, 60 * SAMPLE_NS_PER_S);
	assert_non_null(note_with(run.r, "it has exited with status 3"));
	assert_int_equal(run.r->duration_ns, 60 * SAMPLE_NS_PER_S);
	assert_int_equal(run.r->boot_ns, SAMPLE_START_NS - 86400 * SAMPLE_NS_PER_S);
	report__free(run.r);
	history__free(h);
	tick__free(&run.first);
	tick__free(&middle);
	tick__free(&run.last);
}

/* --- pages --- */

static void attribution_known_or_not(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct run run = new_run(10);
		struct owner_sample o = story_owner(1, "p1", MIB, 0, 4096);

		o.id = (struct proc_id){1, 1};
		run.info.bpf = i != 1;
		grow(&run, 1, PROC_TARGET, 2, 3);
		grow(&run, 2, PROC_TARGET, 1, 1);
		if (i != 1)
			own(&run, o);
		if (i == 2)
			own(&run, (struct owner_sample){.kind = OWNER_OVERFLOW});
		build(&run);
		assert_int_equal(run.r->processes.v[0].attributed.known, i != 1);
		/* took nothing: a true zero, unless its pages may be in the overflow */
		assert_int_equal(run.r->processes.v[1].attributed.known, i == 0);
		assert_int_equal(run.r->processes.v[1].attributed.live[PAGES_USER], 0);
		report__free(run.r);
	}
}

static void what_exited_processes_left(void **state)
{
	static const uint32_t want[] = {0, 3, 1, 6};
	struct run run = new_run(10);
	struct owner_sample o = story_owner(1, "files", 0, 10 * MIB, 0);

	o.dead = true;
	own(&run, o); /* not told apart: all that is live */
	o = story_owner(2, "parent", 50 * MIB, 0, 0);
	o.dead = true;
	o.residue = (struct residue){.known = true, .inherited = 50 * MIB};
	own(&run, o); /* its heirs have it */
	o = story_owner(3, "tmpfs", 50 * MIB, 0, 0);
	o.dead = true;
	o.residue = (struct residue){true, 20 * MIB, 29 * MIB, 1 * MIB, 0};
	own(&run, o);
	own(&run, story_owner(4, "alive", 90 * MIB, 0, 0));
	o = story_owner(0, "cron", 80 * MIB, 0, 0);
	o.kind = OWNER_EXITED_GROUP;
	own(&run, o); /* a group is dead by what it is */
	o = story_owner(5, "clean", 0, 0, 0);
	o.dead = true;
	own(&run, o);
	o = story_owner(6, "flight", 0, 0, 0);
	o.dead = true;
	o.live[PAGES_USER] = -8192;
	o.live[PAGES_KERNEL] = 4096;
	own(&run, o); /* a negative class does not eat another */
	build(&run);

	assert_int_equal(run.r->left_behind.n, N_OF(want));
	for (size_t i = 0; i < N_OF(want); i++)
		assert_int_equal(run.r->left_behind.v[i].owner.id.pid, want[i]);
	assert_int_equal(run.r->left_behind.v[1].held, 30 * MIB);
	assert_int_equal(run.r->left_behind.v[3].held, 4096);
	report__free(run.r);
}

static void owners_that_are_no_process(void **state)
{
	static const enum owner_kind want[] = {OWNER_ASYNC, OWNER_KTHREAD, OWNER_OVERFLOW};
	struct run run = new_run(10);

	for (int kind = 0; kind < _OWNER_KIND_MAX; kind++) {
		struct owner_sample o = story_owner(0, "x", 0, 0, 4096);

		o.kind = (enum owner_kind)kind;
		o.id = (struct proc_id){kind == OWNER_PROCESS || kind == OWNER_KTHREAD, 5};
		o.live[PAGES_KERNEL] += kind == OWNER_ASYNC ? 4096 : 0;
		o.live[PAGES_KERNEL] -= kind == OWNER_OVERFLOW ? 4096 : 0; /* taken only */
		if (!o.id.pid)
			o.id.start_ticks = 0;
		own(&run, o);
	}
	own(&run, (struct owner_sample){.kind = OWNER_KTHREAD, .id = {9, 9}}); /* nothing */
	build(&run);
	assert_int_equal(run.r->other_owners.n, N_OF(want));
	for (size_t i = 0; i < N_OF(want); i++)
		assert_int_equal(run.r->other_owners.v[i].owner.kind, want[i]);
	report__free(run.r);
}

/* --- the machine --- */

static void lines_that_changed(void **state)
{
	const struct meminfo_line first[] = {
		{"MemTotal", 100 * MIB, false},	   {"MemFree", 60 * MIB, false},
		{"MemAvailable", 70 * MIB, false}, {"AnonPages", 10 * MIB, false},
		{"Cached", 20 * MIB, false},	   {"HugePages_Free", 1, true},
		{"OnlyAtStart", 3, false}};
	const struct meminfo_line last[] = {{"MemAvailable", 50 * MIB, false},
					    {"MemTotal", 100 * MIB, false},
					    {"MemFree", 40 * MIB, false},
					    {"HugePages_Free", 0, true},
					    {"AnonPages", 30 * MIB, false},
					    {"Cached", 20 * MIB, false},
					    {"OnlyAtEnd", 3, false}};
	struct run run = new_run(10);
	uint64_t start = 0, end = 0;

	for (size_t i = 0; i < N_OF(first); i++) {
		assert_int_equal(vec_push(&run.first.meminfo, first[i]), 0);
		assert_int_equal(vec_push(&run.last.meminfo, last[i]), 0);
	}
	build(&run);
	vec_for_each(l, &run.r->ledger) {
		start += l->start;
		end += l->end;
	}
	assert_int_equal(start, 100 * MIB);
	assert_int_equal(end, 100 * MIB);
	assert_true(run.r->available.known);
	assert_int_equal(span_delta(run.r->available), -20 * (int64_t)MIB);
	assert_int_equal(run.r->total.free, -20 * (int64_t)MIB);
	assert_int_equal(run.r->total.unexplained, 0);
	assert_true(run.r->total.explained_known);
	assert_int_equal(run.r->total.explained_permille, 1000);
	/* Newer than memtrace: named, in no sum. */
	assert_int_equal(run.r->unclassified.n, 1);
	assert_string_equal(run.r->unclassified.v[0].name, "OnlyAtEnd");
	assert_non_null(
		strstr(limits__find(&run.r->limits, "meminfo_unclassified")->meaning, "OnlyAtEnd"));
	/* Nobody looked. */
	assert_non_null(limits__find(&run.r->limits, "hidden_owners_unknown"));
	report__free(run.r);
}

static uint64_t line_delta(const struct report *r, enum ledger_line line)
{
	vec_for_each(l, &r->ledger)
		if (l->line == line)
			return l->end - l->start;
	return 0;
}

/* No counter has them: what they grew by or shrank by, and slab did not. */
static void pages_of_sockets(void **state)
{
	const struct hidden_sample few = {.kind = HIDDEN_SOCKET, .bytes = 2 * MIB};
	const struct hidden_sample many = {.kind = HIDDEN_SOCKET, .bytes = 22 * MIB};
	const struct meminfo_line lines[][3] = {{{"MemTotal", 100 * MIB, false},
						 {"MemFree", 80 * MIB, false},
						 {"SUnreclaim", 5 * MIB, false}},
						{{"MemTotal", 100 * MIB, false},
						 {"MemFree", 60 * MIB, false},
						 {"SUnreclaim", 8 * MIB, false}}};

	for (int is_given = 0; is_given < 2; is_given++) {
		struct run run = new_run(10);
		int64_t sign = is_given ? -1 : 1;

		for (size_t i = 0; i < N_OF(lines[0]); i++) {
			assert_int_equal(vec_push(&run.first.meminfo, lines[is_given][i]), 0);
			assert_int_equal(vec_push(&run.last.meminfo, lines[!is_given][i]), 0);
		}
		assert_int_equal(vec_push(&run.first.hidden, is_given ? many : few), 0);
		assert_int_equal(vec_push(&run.last.hidden, is_given ? few : many), 0);
		build(&run);
		assert_int_equal(line_delta(run.r, LEDGER_SOCKETS), sign * 17 * (int64_t)MIB);
		assert_int_equal(line_delta(run.r, LEDGER_SLAB_UNRECLAIMABLE),
				 sign * 3 * (int64_t)MIB);
		assert_int_equal(line_delta(run.r, LEDGER_UNNAMED), 0);
		report__free(run.r);
	}
}

static void remove_cgroup(struct run *run, const char *path, uint64_t file, uint64_t shmem)
{
	struct cgroup_row row = {.path = strdup(path),
				 .gone = true,
				 .known = 1U << CGROUP_FILE | 1U << CGROUP_SHMEM};

	assert_non_null(row.path);
	row.value[CGROUP_FILE] = file;
	row.value[CGROUP_SHMEM] = shmem;
	assert_int_equal(vec_push(&run->last.cgroups, row), 0);
}

/* What is below another one is counted in that, and nearly nothing is nothing. */
static void removed_cgroups(void **state)
{
	struct run run = new_run(10);
	const struct report_removed *most;
	int n_said = 0;

	remove_cgroup(&run, "/few", 70 << 10, 0);
	remove_cgroup(&run, "/a/init", 3 * MIB, 0);
	remove_cgroup(&run, "/a", 5 * MIB, 4 * MIB);
	remove_cgroup(&run, "/ab", 4 * MIB, 0);
	remove_cgroup(&run, "/nearly", 1 << 10, 0);
	build(&run);
	assert_int_equal(run.r->n_removed_cgroups, 5);
	assert_int_equal(run.r->removed_cgroups.n, 3);
	most = run.r->removed_cgroups.v;
	assert_string_equal(most[0].path, "/a");
	assert_int_equal(most[0].left, 5 * MIB);
	assert_int_equal(most[0].cache, MIB);
	assert_int_equal(most[0].shmem, 4 * MIB);
	assert_int_equal(most[0].time_ns, run.r->end_ns);
	assert_string_equal(most[1].path, "/ab");
	assert_string_equal(most[2].path, "/few");
	vec_for_each(note, &run.r->head)
		if (strstr(note->text, "3 removed cgroups left at most 9.1 MiB behind"))
			n_said++;
	assert_int_equal(n_said, 1);
	report__free(run.r);
}

/* Numbers of a damaged file: no overflow (the sanitizer watches). */
static void absurd_numbers(void **state)
{
	struct run run = new_run(10);

	for (uint32_t pid = 1; pid < 5; pid++) {
		struct proc_sample p = {.id = {pid, pid}, .flags = PROC_TARGET};
		struct owner_sample o = {.id = {pid, pid}, .dead = pid > 2};

		p.known = (1U << _PROC_VALUE_MAX) - 1;
		assert_int_equal(vec_push(&run.first.procs, p), 0);
		for (int i = 0; i < _PROC_VALUE_MAX; i++)
			p.value[i] = pid % 2 ? INT64_MAX : 1ULL << 63;
		assert_int_equal(vec_push(&run.last.procs, p), 0);
		for (int i = 0; i < _PAGE_CLASS_MAX; i++) {
			o.live[i] = pid % 2 ? INT64_MAX : INT64_MIN;
			o.taken[i] = UINT64_MAX;
		}
		o.residue = (struct residue){pid == 4, UINT64_MAX, UINT64_MAX, UINT64_MAX, 1};
		own(&run, o);
		o.kind = OWNER_KTHREAD;
		o.id.pid += 10;
		own(&run, o);
	}
	build(&run);
	assert_int_equal(run.r->processes.n, 4);
	assert_true(run.r->left_behind.v[0].held == UINT64_MAX);
	report__free(run.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_first_then_by_growth),
		cmocka_unit_test(small_others_are_left_out),
		cmocka_unit_test(growth_is_anon_swap_and_shmem),
		cmocka_unit_test(value_known_at_one_end_only),
		cmocka_unit_test(no_rate_below_a_second),
		cmocka_unit_test(seen_until_the_end),
		cmocka_unit_test(attribution_known_or_not),
		cmocka_unit_test(what_exited_processes_left),
		cmocka_unit_test(owners_that_are_no_process),
		cmocka_unit_test(lines_that_changed),
		cmocka_unit_test(pages_of_sockets),
		cmocka_unit_test(removed_cgroups),
		cmocka_unit_test(absurd_numbers),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
