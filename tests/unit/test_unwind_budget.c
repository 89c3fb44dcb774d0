/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "collect/sample_sums.h"
#include "collect/unwind_budget.h"

#define MS 1000000ull
#define INTERVAL (512u << 10)

static void within_the_budget_nothing_changes(void **state)
{
	struct unwind_budget b;

	unwind_budget__init(&b, INTERVAL, 20, 0);
	for (uint64_t i = 1; i < 1000; i++)
		assert_false(unwind_budget__spent(&b, i * 100 * MS, i * 2 * MS));
	assert_int_equal(b.interval, INTERVAL);
}

static void beyond_it_samples_become_rarer_and_later_as_before(void **state)
{
	struct unwind_budget b;
	uint64_t now = 0, cpu = 0;

	unwind_budget__init(&b, INTERVAL, 20, 0);
	for (int i = 0; i < 20; i++) /* half a CPU for two seconds */
		unwind_budget__spent(&b, now += 100 * MS, cpu += 50 * MS);
	assert_true(b.interval >= 4 * INTERVAL);
	assert_true(b.n_widened >= 2);
	for (int i = 0; i < 3000; i++)
		unwind_budget__spent(&b, now += 100 * MS, cpu);
	assert_int_equal(b.interval, INTERVAL);
}

static void spending_settles_at_the_budget(void **state)
{
	struct unwind_budget b;
	uint64_t now = 0, cpu = 0;

	unwind_budget__init(&b, INTERVAL, 20, 0);
	/* As many samples as the interval lets through: 100 % of a CPU at the one asked for. */
	for (int i = 0; i < 6000; i++)
		unwind_budget__spent(&b, now += 100 * MS, cpu += 100 * MS * INTERVAL / b.interval);
	assert_true(cpu < now / 1000 * 20 * 3 / 2 + 5000 * MS / 1000 * 20 * 2);
}

static void weights_add_up_to_what_there_is(void **state)
{
	struct sample_weight page = sample_weigh(4096, INTERVAL);
	struct sample_weight huge = sample_weigh(2u << 20, INTERVAL);

	/* Small blocks weigh an interval and a half block, large ones hardly more than they are. */
	assert_true(page.bytes > INTERVAL && page.bytes < INTERVAL + 4096);
	assert_true(huge.bytes > (2u << 20) && huge.bytes < 1.02 * (2u << 20));
	assert_true(huge.variance < page.variance);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(within_the_budget_nothing_changes),
		cmocka_unit_test(beyond_it_samples_become_rarer_and_later_as_before),
		cmocka_unit_test(spending_settles_at_the_budget),
		cmocka_unit_test(weights_add_up_to_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
