/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "analyze/call_tier.h"

#define S 1000000000ull
#define MIB (1ull << 20)

static void who_maps_nothing_is_left_alone(void **state)
{
	struct call_tier t = {0};

	for (uint64_t s = 100; s < 160; s++)
		assert_true(call_tier__step(&t, 5 * MIB, 0, s * S));
	for (uint64_t s = 160; s < 10000; s += 5)
		assert_false(call_tier__step(&t, 5 * MIB, 0, s * S));
}

/* Of the same size at each look, but with calls that are seen. */
static void who_maps_and_unmaps_is_not(void **state)
{
	struct call_tier t = {0};

	for (uint64_t s = 100; s < 10000; s += 5)
		assert_true(call_tier__step(&t, 5 * MIB, s * S - S, s * S));
}

/* 1 MiB each 100 s: the first after the rest is missed, then none. */
static void a_slow_leak_is_followed(void **state)
{
	struct call_tier t = {0};
	uint64_t missed = 0, seen_ns = 0;
	bool on = true;

	for (uint64_t s = 100; s < 5000; s++) {
		if (s % 100 == 0 && on)
			seen_ns = s * S;
		else if (s % 100 == 0)
			missed++;
		on = call_tier__step(&t, s / 100 * MIB, seen_ns, s * S);
	}
	assert_int_equal(missed, 1);
	assert_true(on);
}

static void a_fork_ends_the_rest(void **state)
{
	struct call_tier t = {0};

	assert_true(call_tier__step(&t, MIB, 0, 100 * S));
	assert_false(call_tier__step(&t, MIB, 0, 160 * S));
	assert_true(call_tier__step(&t, MIB, 161 * S, 162 * S));
	assert_true(call_tier__step(&t, MIB, 161 * S, 162 * S + 4 * 62 * S - 1));
	assert_false(call_tier__step(&t, MIB, 161 * S, 162 * S + 4 * 62 * S));
	/* An hour at most, whatever a rest took. */
	assert_true(call_tier__step(&t, 2 * MIB, 161 * S, 100000 * S));
	assert_true(call_tier__step(&t, 2 * MIB, 161 * S, 103600 * S - 1));
	assert_false(call_tier__step(&t, 2 * MIB, 161 * S, 103600 * S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_maps_nothing_is_left_alone),
		cmocka_unit_test(who_maps_and_unmaps_is_not),
		cmocka_unit_test(a_slow_leak_is_followed),
		cmocka_unit_test(a_fork_ends_the_rest),
	};

	return cmocka_run_group_tests_name("call_tier", tests, NULL, NULL);
}
