/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyze/idle.h"

#define S 1000000000ull
#define ALL ((1u << _ACTIVITY_PART_MAX) - 1)

static const struct activity quiet_before = {.known = ALL, .n_cpus = 4, .sessions = 1};

/* Ten seconds later. */
static struct idle_verdict judge(struct activity now, uint64_t own_cpu_ns)
{
	const struct idle_interval i = {.before = &quiet_before,
					.now = &now,
					.passed_ns = 10 * S,
					.own_cpu_ns = own_cpu_ns,
					.start_ns = 100 * S};

	return idle__judge(&i);
}

static struct activity quiet(void)
{
	return (struct activity){.known = ALL, .n_cpus = 4, .sessions = 1, .cpu_ns = S};
}

static void nothing_is_done(void **state)
{
	struct idle_verdict v = judge(quiet(), 0);

	assert_int_equal(v.busy, 0);
	assert_int_equal(v.uncertain, 0);
}

static void each_part_alone(void **state)
{
	struct activity a = quiet();

	a.cpu_ns = 6 * S; /* 0.6 CPU: below a tenth of many, above half of one */
	a.n_cpus = 64;
	assert_int_equal(judge(a, 0).busy, 1u << ACTIVITY_CPU);
	a = quiet();
	a.cpu_ns = 3 * S; /* 0.3 of 2 CPUs: 15 % */
	a.n_cpus = 2;
	assert_int_equal(judge(a, 0).busy, 1u << ACTIVITY_CPU);
	a = quiet();
	a.io_bytes = 11 << 20;
	assert_int_equal(judge(a, 0).busy, 1u << ACTIVITY_IO);
	a = quiet();
	a.net_bytes = 2 << 20;
	assert_int_equal(judge(a, 0).busy, 1u << ACTIVITY_NET);
	a = quiet();
	a.starts = 11;
	assert_int_equal(judge(a, 0).busy, 1u << ACTIVITY_STARTS);
	a = quiet();
	a.sessions = 0; /* logging out is something done, too */
	assert_int_equal(judge(a, 0).busy, 1u << ACTIVITY_LOGINS);
	a = quiet();
	a.terminal_ns = 101 * S;
	assert_int_equal(judge(a, 0).busy, 1u << ACTIVITY_LOGINS);
	a.terminal_ns = 99 * S;
	assert_int_equal(judge(a, 0).busy, 0);
}

static void our_own_share_is_not_counted(void **state)
{
	struct activity a = quiet();

	a.cpu_ns = 6 * S;
	assert_int_equal(judge(a, 5 * S).busy, 0);
	assert_int_equal(judge(a, 60 * S).busy, 0);
}

static void nor_are_the_programs_we_start(void **state)
{
	struct activity now = quiet();
	struct idle_interval i = {
		.before = &quiet_before, .now = &now, .passed_ns = 10 * S, .own_starts = 10};

	now.starts = 20; /* a query of the journal a second, and as much beside it as is quiet */
	assert_int_equal(idle__judge(&i).busy, 0);
	now.starts = 21;
	assert_int_equal(idle__judge(&i).busy, 1u << ACTIVITY_STARTS);
	now.starts = 5; /* one of ours was counted in the interval before */
	assert_int_equal(idle__judge(&i).busy, 0);
}

static void unknown_is_not_quiet(void **state)
{
	struct activity a = quiet();
	struct idle_verdict v;

	a.known &= ~(1u << ACTIVITY_IO);
	v = judge(a, 0);
	assert_int_equal(v.uncertain, 1u << ACTIVITY_IO);
	assert_int_equal(boot_phase_of(&v, 1000 * S, 300 * S), PHASE_UNKNOWN);
	a = quiet();
	a.known &= ~(1u << ACTIVITY_LOGINS);
	v = judge(a, 0);
	assert_int_equal(boot_phase_of(&v, 1000 * S, 300 * S), PHASE_IDLE);
}

static void counters_that_went_back(void **state)
{
	struct activity before = quiet_before, now = quiet();
	struct idle_interval i = {.before = &before, .now = &now, .passed_ns = 10 * S};

	before.net_bytes = 1ull << 40;
	assert_int_equal(idle__judge(&i).busy, 0);
	i.passed_ns = 0; /* no interval: nothing can be told */
	assert_int_equal(idle__judge(&i).uncertain, ALL);
}

static void phases(void **state)
{
	const struct idle_verdict idle = {0}, load = {.busy = 1},
				  both = {.busy = 1, .uncertain = 2};

	assert_int_equal(boot_phase_of(&idle, 10 * S, 300 * S), PHASE_WARM_UP);
	assert_int_equal(boot_phase_of(&load, 300 * S, 300 * S), PHASE_WARM_UP);
	assert_int_equal(boot_phase_of(&idle, 301 * S, 300 * S), PHASE_IDLE);
	assert_int_equal(boot_phase_of(&load, 301 * S, 300 * S), PHASE_LOAD);
	assert_int_equal(boot_phase_of(&both, 301 * S, 300 * S), PHASE_LOAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_done),
		cmocka_unit_test(each_part_alone),
		cmocka_unit_test(our_own_share_is_not_counted),
		cmocka_unit_test(nor_are_the_programs_we_start),
		cmocka_unit_test(unknown_is_not_quiet),
		cmocka_unit_test(counters_that_went_back),
		cmocka_unit_test(phases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
