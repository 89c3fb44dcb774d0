/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "analyze/follow_values.h"
#include "analyze/leak_sign.h"
#include "analyze/report_verdict.h"
#include "leak_run.h"

static const struct follow_slot *slot_of(const struct follow *f, uint32_t pid,
					 enum follow_series series)
{
	const struct follow_subject *s = follow__find_process(f, (struct proc_id){pid, 100 * pid});

	assert_non_null(s);
	return &s->slot[series];
}

static void feed(struct follow *f, uint64_t from, uint64_t to)
{
	for (uint64_t seq = from; seq < to; seq++) {
		struct tick t = {0};

		leak_tick(&t, seq, 0);
		assert_int_equal(follow__tick(f, &t), 0);
		tick__free(&t);
	}
}

static void add_row(struct follow *f, uint64_t seq, struct proc_sample p)
{
	struct tick t = {0};

	begin_tick(&t, seq, seq * LEAK_INTERVAL_S);
	assert_int_equal(vec_push(&t.procs, p), 0);
	assert_int_equal(follow__tick(f, &t), 0);
	tick__free(&t);
}

static void test_what_does_not_change_has_no_series(void **state)
{
	const struct follow_slot *slot;
	struct book_past past;
	struct book_stats stats;
	struct follow *f;

	assert_int_equal(follow__new(&f), 0);
	feed(f, 0, 50);
	slot = slot_of(f, PID_IDLE, FOLLOW_ANON_SWAP);
	assert_true(slot->seen && !follow__entry(f, slot));
	past = follow__past(f, follow__find_process(f, (struct proc_id){PID_IDLE, 100 * PID_IDLE}),
			    FOLLOW_ANON_SWAP);
	assert_int_equal(past.n, 50);
	assert_true(past.kb == 5 * 1024 && past.last_s == 49 * LEAK_INTERVAL_S);
	/* what goes to swap has not moved */
	assert_null(follow__entry(f, slot_of(f, PID_SWAPPED, FOLLOW_ANON_SWAP)));
	assert_non_null(follow__entry(f, slot_of(f, PID_SWAPPED, FOLLOW_RSS)));
	follow__stats(f, &stats);
	assert_true(stats.n < follow__n_values(f) / 2);
	follow__free(f);
}

/* A value that was flat and then moves is the same series as one that was followed from the
 * start. */
static void test_late_movers_have_their_past(void **state)
{
	const struct book_entry *e;
	struct series alone = {0};
	struct follow *f;

	assert_int_equal(follow__new(&f), 0);
	for (uint64_t seq = 0; seq < 80; seq++) {
		uint64_t mib = seq < 40 ? 7 : 7 + seq - 40;

		if (seq == 0 || seq > 40)
			add_row(f, seq, story_proc(9, "late", mib * MIB, 0));
		else
			feed(f, seq, seq + 1);
		series__add(&alone, seq * LEAK_INTERVAL_S, mib * 1024.0);
	}
	e = follow__entry(f, slot_of(f, 9, FOLLOW_ANON_SWAP));
	assert_non_null(e);
	assert_int_equal(e->series.n, alone.n);
	assert_memory_equal(e->series.floor, alone.floor, sizeof(alone.floor));
	assert_memory_equal(e->series.count, alone.count, sizeof(alone.count));
	follow__free(f);
}

static void test_exec_begins_anew(void **state)
{
	struct proc_sample p = story_proc(9, "sh", 100 * MIB, 0);
	struct follow *f;

	assert_int_equal(follow__new(&f), 0);
	for (uint64_t seq = 0; seq < 10; seq++) {
		p.value[PROC_ANON] += MIB;
		add_row(f, seq, p);
	}
	assert_int_equal(follow__entry(f, slot_of(f, 9, FOLLOW_ANON_SWAP))->series.n, 10);
	p.flags |= PROC_EXECED;
	p.value[PROC_ANON] = MIB;
	add_row(f, 10, p);
	assert_null(follow__entry(f, slot_of(f, 9, FOLLOW_ANON_SWAP)));
	assert_int_equal(slot_of(f, 9, FOLLOW_ANON_SWAP)->first, MIB);
	follow__free(f);
}

static void test_the_ended_keep_their_series(void **state)
{
	struct proc_sample p = story_proc(9, "job", 100 * MIB, 0);
	const struct book_entry *e;
	struct follow *f;

	assert_int_equal(follow__new(&f), 0);
	for (uint64_t seq = 0; seq < 10; seq++) {
		p.value[PROC_ANON] += MIB;
		add_row(f, seq, p);
	}
	p.end.ended = true;
	p.value[PROC_ANON] = 0;
	add_row(f, 10, p);
	feed(f, 11, 20);
	e = follow__entry(f, slot_of(f, 9, FOLLOW_ANON_SWAP));
	assert_int_equal(e->series.n, 10);
	assert_false(follow__find_process(f, p.id)->live);
	/* one that only a row of its end names was never seen */
	p.id.pid = 10;
	add_row(f, 20, p);
	assert_null(follow__find_process(f, p.id));
	follow__free(f);
}

/* The ended give way to the living; what then does not fit is counted. */
static void test_bounds(void **state)
{
	const uint32_t n = FOLLOW_SERIES_MAX / 2;
	struct limits l = {0};
	struct book_stats stats;
	struct follow *f;

	assert_int_equal(follow__new(&f), 0);
	for (uint64_t seq = 0; seq < 4; seq++) {
		struct tick t = {0};

		begin_tick(&t, seq, seq * LEAK_INTERVAL_S);
		for (uint32_t pid = 1; pid <= 4 * n; pid++) {
			struct proc_sample p;

			memset(&p, 0, sizeof(p));
			p.id = (struct proc_id){pid, 1};
			p.known = 1U << PROC_ANON | 1U << PROC_RSS;
			p.value[PROC_ANON] = p.value[PROC_RSS] = (seq + 1) * MIB;
			/* first a full book of some, which end when twice as many begin */
			if (seq < 2 ? pid > n : pid <= n && seq > 2)
				continue;
			p.end.ended = seq == 2 && pid <= n;
			assert_int_equal(vec_push(&t.procs, p), 0);
		}
		assert_int_equal(follow__tick(f, &t), 0);
		tick__free(&t);
	}
	follow__stats(f, &stats);
	assert_int_equal(stats.n, FOLLOW_SERIES_MAX);
	assert_int_equal(follow__limits(f, &l), 0);
	assert_int_equal(limits__find(&l, "series_of_ended_dropped")->count, FOLLOW_SERIES_MAX);
	assert_int_equal(limits__find(&l, "series_left_out")->count, 2 * 3 * n - FOLLOW_SERIES_MAX);
	limits__free(&l);
	follow__free(f);
}

/* A machine that builds all day: each tick some processes begin, which moved and are gone two ticks
 * later. One that leaked for an hour and one that was pointed at have ended before, and stay. */
static void test_short_lived_are_forgotten(void **state)
{
	enum { TICKS = 200, EACH = 150, LONG_LIVED = 9, POINTED_AT = 10, LONG_TICKS = 60 };
	uint64_t n_series = 0;
	struct limits l = {0};
	struct book_stats stats;
	struct follow *f;

	assert_int_equal(follow__new(&f), 0);
	for (uint64_t seq = 0; seq < TICKS; seq++) {
		struct tick t = {0};

		begin_tick(&t, seq, seq * LEAK_INTERVAL_S);
		for (uint32_t pid = LONG_LIVED; pid <= POINTED_AT && seq <= LONG_TICKS; pid++) {
			struct proc_sample p = story_proc(pid, "job", (100 + seq) * MIB, 0);

			p.flags |= pid == POINTED_AT ? PROC_TARGET : 0;
			p.end.ended = seq == (pid == POINTED_AT ? 2 : LONG_TICKS);
			if (pid == LONG_LIVED || seq <= 2)
				assert_int_equal(vec_push(&t.procs, p), 0);
		}
		for (uint32_t i = 0; i < 3 * EACH; i++) { /* the first third ends here */
			uint32_t pid = (uint32_t)(seq * EACH + i) + 1000;
			struct proc_sample p = story_proc(pid, "cc1", (seq + 1) * MIB, 0);

			p.end.ended = i < EACH;
			assert_int_equal(vec_push(&t.procs, p), 0);
		}
		assert_int_equal(follow__tick(f, &t), 0);
		tick__free(&t);
		follow__stats(f, &stats);
		assert_true(follow__n_subjects(f) <= 2 * EACH + 2 + FOLLOW_ENDED_MAX);
		assert_true(stats.bytes <
			    (size_t)FOLLOW_SERIES_MAX / 2 * sizeof(struct book_entry));
		n_series = stats.n > n_series ? stats.n : n_series;
	}
	assert_true(n_series > FOLLOW_ENDED_KEEP);
	assert_non_null(follow__entry(f, slot_of(f, LONG_LIVED, FOLLOW_ANON_SWAP)));
	assert_non_null(follow__entry(f, slot_of(f, POINTED_AT, FOLLOW_ANON_SWAP)));
	assert_int_equal(follow__limits(f, &l), 0);
	assert_true(limits__find(&l, "series_of_ended_dropped")->count > 10 * EACH);
	assert_null(limits__find(&l, "series_left_out"));
	limits__free(&l);
	follow__free(f);
}

/* More children of a command than can be kept end, each after a longer life than one that leaked.
 */
static void test_a_childs_leak_outlives_its_series(void **state)
{
	enum { CHILDREN = FOLLOW_ENDED_MAX + 50, LEAKS = 1000, LEAK_ENDS = 40, ENDS = 50 };
	struct report r = {0};
	struct limits l = {0};
	struct follow *f;

	assert_int_equal(follow__new(&f), 0);
	for (uint64_t seq = 0; seq <= ENDS + 1; seq++) {
		struct tick t = {0};

		begin_tick(&t, seq, seq * LEAK_INTERVAL_S);
		for (uint32_t i = 0; i < CHILDREN; i++) {
			uint32_t pid = LEAKS + i;
			uint64_t moves = pid == LEAKS ? seq * MIB : wobble(seq, pid, 400);
			struct proc_sample p = story_proc(pid, "child", 50 * MIB + moves, 0);

			p.flags |= PROC_FOLLOWED;
			p.end.ended = seq == (pid == LEAKS ? LEAK_ENDS : ENDS);
			if (seq <= (pid == LEAKS ? LEAK_ENDS : ENDS))
				assert_int_equal(vec_push(&t.procs, p), 0);
		}
		assert_int_equal(follow__tick(f, &t), 0);
		tick__free(&t);
	}
	assert_int_equal(follow__n_subjects(f), FOLLOW_ENDED_KEEP);
	assert_int_equal(follow__limits(f, &l), 0);
	assert_true(limits__find(&l, "series_of_ended_dropped")->count > FOLLOW_ENDED_KEEP);
	assert_int_equal(report_verdict__add(f, NULL, &r), 0);
	assert_true(report_verdict__has(&r, VERDICT_LEAK));
	assert_int_equal(r.growers.v[0].id.pid, LEAKS);
	vec_free(&r.growers);
	limits__free(&r.limits);
	limits__free(&l);
	follow__free(f);
}

static void test_cgroup_room(void **state)
{
	const char *path;
	struct follow *f;
	uint64_t room;

	assert_int_equal(follow__new(&f), 0);
	feed(f, 0, 1);
	assert_int_equal(follow__cgroup_room(f, "/system.slice/web.service/a/b", &room, &path), 0);
	assert_string_equal(path, "/system.slice/web.service");
	assert_int_equal(room, 68 * MIB);
	assert_int_equal(follow__cgroup_room(f, "/system.slice", &room, &path), -ENOENT);
	assert_int_equal(follow__cgroup_room(f, "", &room, &path), -ENOENT);
	assert_int_equal(follow__available(f, &room), 0);
	assert_int_equal(room, 12000 * MIB);
	follow__free(f);
}

static void test_values(void **state)
{
	struct proc_sample p = story_proc(9, "x", 10 * MIB, 2 * MIB);
	struct cgroup_row c = {.known = 1U << CGROUP_CURRENT};
	struct ledger ledger = {0};
	uint64_t v;

	p.value[PROC_SWAP] = 3 * MIB;
	assert_int_equal(follow_process_value(&p, FOLLOW_ANON_SWAP, &v), 0);
	assert_int_equal(v, 13 * MIB);
	p.known &= ~(1U << PROC_SWAP);
	assert_int_equal(follow_process_value(&p, FOLLOW_ANON_SWAP, &v), 0);
	assert_int_equal(v, 10 * MIB);
	p.known &= ~(1U << PROC_ANON);
	assert_int_equal(follow_process_value(&p, FOLLOW_ANON_SWAP, &v), -ENOENT);
	assert_int_equal(follow_process_value(&p, FOLLOW_SHMEM, &v), 0);
	assert_int_equal(v, 2 * MIB);
	assert_int_equal(follow_process_value(&p, FOLLOW_FDS, &v), -ENOENT);

	c.value[CGROUP_CURRENT] = 10 * MIB;
	c.value[CGROUP_FILE] = 4 * MIB;
	c.value[CGROUP_SHMEM] = 1 * MIB;
	assert_int_equal(follow_cgroup_value(&c, &v), 0);
	assert_int_equal(v, 10 * MIB);
	c.known |= 1U << CGROUP_FILE | 1U << CGROUP_SHMEM;
	assert_int_equal(follow_cgroup_value(&c, &v), 0);
	assert_int_equal(v, 7 * MIB); /* tmpfs stays */
	assert_int_equal(follow_cgroup_room(&c, &v), -ENOENT);
	c.known = 0;
	assert_int_equal(follow_cgroup_value(&c, &v), -ENOENT);

	ledger.known = 1ULL << LEDGER_FREE | 1ULL << LEDGER_ANON;
	assert_true(follow_ledger_line(&ledger, LEDGER_ANON));
	assert_false(follow_ledger_line(&ledger, LEDGER_FREE));
	assert_false(follow_ledger_line(&ledger, LEDGER_SHMEM)); /* not told here */
}

/* Grows until it is told as a leak, then stays: told as withdrawn. */
static void test_withdrawn_alarms(void **state)
{
	struct leak_signs signs = {0};
	bool told = false, withdrawn = false;
	struct follow *f;

	assert_int_equal(follow__new(&f), 0);
	for (uint64_t seq = 0; seq < 400; seq++) {
		uint64_t steps = seq < 60 ? seq : 60;

		add_row(f, seq, story_proc(9, "filler", 20 * MIB + steps * MIB / 2, 0));
		assert_int_equal(leak_signs__read(f, &signs), 0);
		for (size_t i = 0; i < signs.n; i++) {
			assert_string_equal(signs.v[i].subject, "filler");
			told |= !signs.v[i].is_withdrawn;
			withdrawn |= told && signs.v[i].is_withdrawn;
		}
	}
	assert_true(told && withdrawn);
	assert_true(signs.n > 0 && signs.v[0].is_withdrawn);
	vec_free(&signs);
	follow__free(f);
}

static void test_alarms(void **state)
{
	struct leak_signs signs = {0};
	bool web = false, fds = false;
	struct follow *f;

	assert_int_equal(follow__new(&f), 0);
	feed(f, 0, 8);
	assert_int_equal(leak_signs__read(f, &signs), 0);
	assert_int_equal(signs.n, 0);
	feed(f, 8, LEAK_TICKS);
	assert_int_equal(leak_signs__read(f, &signs), 0);
	for (size_t i = 0; i < signs.n; i++) {
		const struct leak_sign *l = &signs.v[i];

		assert_string_not_equal(l->subject, "cache");
		assert_string_not_equal(l->subject, "dentry");
		assert_string_not_equal(l->subject, "anon");
		if (!strcmp(l->subject, "web")) {
			assert_true(l->per_hour > 5.5 * MIB && l->per_hour < 6.5 * MIB);
			web = true;
		}
		fds |= l->is_count && l->per_hour > 235 && l->per_hour < 245;
	}
	assert_true(web && fds);
	vec_free(&signs);
	follow__free(f);
}

/* Times that go back, as in a damaged file, do no harm. */
static void test_backward_clock(void **state)
{
	struct follow *f;

	assert_int_equal(follow__new(&f), 0);
	feed(f, 20, 30);
	feed(f, 0, 10);
	assert_int_equal(follow__entry(f, slot_of(f, PID_FDS, FOLLOW_FDS))->series.n_backward, 0);
	assert_int_equal(follow__entry(f, slot_of(f, PID_FDS, FOLLOW_FDS))->series.n, 20);
	follow__free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_does_not_change_has_no_series),
		cmocka_unit_test(test_late_movers_have_their_past),
		cmocka_unit_test(test_exec_begins_anew),
		cmocka_unit_test(test_the_ended_keep_their_series),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_short_lived_are_forgotten),
		cmocka_unit_test(test_a_childs_leak_outlives_its_series),
		cmocka_unit_test(test_cgroup_room),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_alarms),
		cmocka_unit_test(test_withdrawn_alarms),
		cmocka_unit_test(test_backward_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
