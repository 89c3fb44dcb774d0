/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/slab_tier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MIB (1024ull * 1024)
#define S 1000000000ull

static struct slab_use use(uint64_t reclaimable, uint64_t unreclaimable)
{
	return (struct slab_use){true, reclaimable * MIB, unreclaimable * MIB};
}

static void test_flat(void **state)
{
	struct slab_tier t = {};

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		assert_false(slab_tier__step(&t, use(100 + i % 8, 40 + i % 5), i * 5 * S));
}

static void test_grows_and_stops(void **state)
{
	struct slab_tier t = {};
	uint64_t now = 0;

	(void)state;
	assert_false(slab_tier__step(&t, use(100, 40), now));
	assert_false(slab_tier__step(&t, use(90, 40), now += 5 * S));
	/* 16 above the lowest, which is 10 below the first. */
	assert_false(slab_tier__step(&t, use(105, 40), now += 5 * S));
	assert_true(slab_tier__step(&t, use(106, 40), now += 5 * S));
	assert_true(slab_tier__step(&t, use(106, 40), now += 299 * S));
	assert_true(slab_tier__step(&t, use(107, 40), now += S));
	assert_true(slab_tier__step(&t, use(107, 40), now += 299 * S));
	assert_false(slab_tier__step(&t, use(107, 40), now += S));
	/* What it has now is the new floor. */
	assert_false(slab_tier__step(&t, use(107, 55), now += S));
	assert_true(slab_tier__step(&t, use(107, 56), now += S));
}

static void test_unknown(void **state)
{
	struct slab_tier t = {};
	const struct slab_use none = {};

	(void)state;
	assert_false(slab_tier__step(&t, none, 0));
	assert_false(slab_tier__step(&t, use(10, 10), S));
	assert_true(slab_tier__step(&t, use(10, 26), 2 * S));
	assert_true(slab_tier__step(&t, none, 3 * S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_grows_and_stops),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
