/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "samples.h"
#include "store/pending.h"

static struct proc_sample proc(uint32_t pid, uint64_t anon)
{
	struct proc_sample p = {.id = {pid, pid}, .known = 1U << PROC_ANON};

	p.value[PROC_ANON] = anon;
	return p;
}

static void newest_row_of_each(void **state)
{
	struct tick pending = {0}, a = {.seq = 1, .n_procs = 5}, b = {.seq = 2, .n_procs = 6};
	struct proc_sample p = proc(1, 10);
	uint64_t n_lost = 0;

	p.flags = PROC_EXECED | PROC_TARGET;
	p.cgroup = strdup("/a");
	p.known |= 1U << PROC_SWAP;
	p.value[PROC_SWAP] = 7;
	p.approx = 1U << PROC_SWAP;
	assert_int_equal(vec_push(&a.procs, p), 0);
	assert_int_equal(vec_push(&a.procs, proc(2, 20)), 0);
	p = proc(1, 11);
	p.end.ended = true;
	assert_int_equal(vec_push(&b.procs, p), 0);
	p = proc(2, 21); /* the pid again, another process */
	p.id.start_ticks = 99;
	assert_int_equal(vec_push(&b.procs, p), 0);

	assert_int_equal(pending__merge(&pending, &a, &n_lost), 0);
	assert_int_equal(pending__merge(&pending, &b, &n_lost), 0);
	tick__free(&a); /* what is pending is its own */
	tick__free(&b);
	assert_int_equal(n_lost, 0);
	assert_true(pending.seq == 2 && pending.n_procs == 6);
	assert_int_equal(pending.procs.n, 3);

	p = pending.procs.v[0];
	assert_int_equal(p.value[PROC_ANON], 11);
	assert_int_equal(p.flags, PROC_EXECED); /* seen once; the rest as it is now */
	assert_string_equal(p.cgroup, "/a");
	/* it has ended: what it had last, with its doubt */
	assert_true(p.end.ended && (p.known & (1U << PROC_SWAP)));
	assert_int_equal(p.value[PROC_SWAP], 7);
	assert_int_equal(p.approx, 1U << PROC_SWAP);
	assert_int_equal(pending.procs.v[1].value[PROC_ANON], 20);
	assert_int_equal(pending.procs.v[2].value[PROC_ANON], 21);
	tick__free(&pending);
}

static void unknown_now_is_unknown(void **state)
{
	struct tick pending = {0}, a = {0}, b = {0};
	struct proc_sample p = proc(1, 10);
	uint64_t n_lost = 0;

	assert_int_equal(vec_push(&a.procs, p), 0);
	p.known = 0;
	assert_int_equal(vec_push(&b.procs, p), 0);
	assert_int_equal(pending__merge(&pending, &a, &n_lost), 0);
	assert_int_equal(pending__merge(&pending, &b, &n_lost), 0);
	assert_int_equal(pending.procs.v[0].known, 0);
	tick__free(&a);
	tick__free(&b);
	tick__free(&pending);
}

static void owners_by_what_tells_them_apart(void **state)
{
	struct tick pending = {0}, t = {0};
	uint64_t n_lost = 0;

	sample_tick(&t, 0);
	assert_int_equal(pending__merge(&pending, &t, &n_lost), 0);
	tick__free(&t);
	sample_tick(&t, 1);
	assert_int_equal(pending__merge(&pending, &t, &n_lost), 0);
	assert_int_equal(pending.owners.n, _OWNER_KIND_MAX);
	assert_int_equal(pending.owners.v[0].live[PAGES_USER], 2 * 4096);
	assert_int_equal(pending.smaps.n, 1);
	assert_int_equal(pending.ownership.n, 1);
	assert_int_equal(pending.mapped.n, 1);
	assert_int_equal(pending.mapped.v[0].mmap, 1 << 22);
	/* as the newest has them, not added up */
	assert_int_equal(pending.meminfo.n, t.meminfo.n);
	assert_int_equal(pending.limits.n, t.limits.n);
	/* added up: what happened has happened */
	assert_int_equal(pending.events.n, _EVENT_KIND_MAX);
	assert_int_equal(pending__merge(&pending, &t, &n_lost), 0);
	assert_int_equal(pending.events.n, 2 * _EVENT_KIND_MAX);

	/* a reading that failed leaves the one before */
	t.meminfo.n = t.limits.n = 0;
	assert_int_equal(pending__merge(&pending, &t, &n_lost), 0);
	assert_int_equal(pending.meminfo.n, 4);
	assert_int_equal(n_lost, 0);
	tick__free(&t);
	tick__free(&pending);
}

static void bounded_and_counted(void **state)
{
	struct tick pending = {0}, t = {0};
	uint64_t n_lost = 0;

	for (uint32_t pid = 1; pid <= PENDING_ROWS_MAX + 10; pid++)
		assert_int_equal(vec_push(&t.procs, proc(pid, pid)), 0);
	assert_int_equal(pending__merge(&pending, &t, &n_lost), 0);
	assert_int_equal(n_lost, 10);
	assert_int_equal(pending.procs.n, PENDING_ROWS_MAX);

	/* who is in is kept up to date all the same */
	t.procs.n = 1;
	t.procs.v[0].value[PROC_ANON] = 4711;
	assert_int_equal(pending__merge(&pending, &t, &n_lost), 0);
	assert_int_equal(n_lost, 10);
	assert_int_equal(pending.procs.v[0].value[PROC_ANON], 4711);
	tick__free(&t);
	tick__free(&pending);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newest_row_of_each),
		cmocka_unit_test(unknown_now_is_unknown),
		cmocka_unit_test(owners_by_what_tells_them_apart),
		cmocka_unit_test(bounded_and_counted),
	};

	return cmocka_run_group_tests_name("pending", tests, NULL, NULL);
}
