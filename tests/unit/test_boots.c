/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "analyze/boots.h"
#include "base/cleanup.h"

#define MIN 60000000000ull
#define MIB (1ull << 20)

/* Followed from 1 to `minutes` after boot, at `mib` and growing by one a minute. */
static struct boot_run run_of(const char *kernel, unsigned int minutes, uint64_t mib,
			      const char *const *units)
{
	struct boot_run r = {.mem_total = 1 << 30};

	snprintf(r.kernel, sizeof(r.kernel), "%s", kernel);
	for (unsigned int i = 1; i <= minutes; i++) {
		struct boot_point p = {i * MIN, (mib + i) * MIB};

		assert_int_equal(vec_push(&r.points, p), 0);
	}
	for (; units && *units; units++)
		assert_int_equal(vec_push(&r.units, strdup(*units)), 0);
	return r;
}

static const char *const few[] = {"a.service", "gone.service", "run-r12.service", NULL};
static const char *const more[] = {"a.service",	      "foo.service",	"run-r99.service",
				   "session-3.scope", "user@0.service", NULL};

static void what_is_new(void **state)
{
	_cleanup_(boot_run__free) struct boot_run now = run_of("6.12.117", 30, 510, more);
	_cleanup_(boot_run__free) struct boot_run a = run_of("6.12.107", 120, 200, few);
	_cleanup_(boot_run__free) struct boot_run b = run_of("6.12.107", 120, 210, few);
	_cleanup_(boot_run__free) struct boot_run c = run_of("6.12.107", 10, 190, few);
	const struct boot_run *before[] = {&a, &b, &c};
	_cleanup_(boot_comparison__free) struct boot_comparison ret = {0};
	const struct boot_mark *end;

	snprintf(now.packages, sizeof(now.packages), "2 installed, x");
	snprintf(a.packages, sizeof(a.packages), "1 installed, y");
	assert_int_equal(boots__compare(&now, before, 3, &ret), 0);
	assert_int_equal(ret.n_boots, 3);
	end = &ret.marks.v[ret.marks.n - 1];
	assert_int_equal(end->uptime_ns, 30 * MIN);
	assert_int_equal(end->n, 2); /* one was not followed for so long */
	assert_int_equal(end->now, 540 * MIB);
	assert_int_equal(end->min, 230 * MIB);
	assert_int_equal(end->max, 240 * MIB);
	assert_int_equal(end->median, 235 * MIB);
	assert_int_equal(ret.marks.v[0].n, 3);
	assert_string_equal(ret.kernel, "6.12.107");
	assert_string_equal(ret.packages, "1 installed, y");
	assert_int_equal(ret.mem_total, 0);
	assert_int_equal(ret.n_new, 1);
	assert_string_equal(ret.new_units[0], "foo.service");
	assert_int_equal(ret.n_gone, 1);
	assert_string_equal(ret.gone_units[0], "gone.service");
}

static void nothing_to_compare(void **state)
{
	_cleanup_(boot_run__free) struct boot_run now = run_of("k", 30, 1, more);
	_cleanup_(boot_run__free) struct boot_run late = run_of("k", 0, 1, NULL);
	struct boot_point p = {90 * MIN, MIB};
	const struct boot_run *before[] = {&late};
	_cleanup_(boot_comparison__free) struct boot_comparison ret = {0};

	assert_int_equal(boots__compare(&now, NULL, 0, &ret), 0);
	assert_int_equal(ret.n_boots + ret.marks.n + ret.n_new, 0);
	/* begun by hand later than this boot was followed: no time in common, no units known */
	assert_int_equal(vec_push(&late.points, p), 0);
	assert_int_equal(boots__compare(&now, before, 1, &ret), 0);
	assert_int_equal(ret.n_boots, 1);
	assert_int_equal(ret.marks.n, 0);
	assert_int_equal(ret.n_new, 0);
	assert_int_equal(ret.n_gone, 0);
}

static void between_samples(void **state)
{
	_cleanup_(boot_run__free) struct boot_run now = run_of("k", 3, 0, NULL);
	_cleanup_(boot_run__free) struct boot_run old = run_of("k", 0, 0, NULL);
	const struct boot_point points[] = {{MIN, 10 * MIB}, {5 * MIN, 50 * MIB}};
	const struct boot_run *before[] = {&old};
	_cleanup_(boot_comparison__free) struct boot_comparison ret = {0};

	assert_int_equal(vec_push(&old.points, points[0]) | vec_push(&old.points, points[1]), 0);
	assert_int_equal(boots__compare(&now, before, 1, &ret), 0);
	assert_int_equal(ret.marks.n, 3);
	assert_int_equal(ret.marks.v[1].median, 20 * MIB); /* at 2 min */
	assert_int_equal(ret.marks.v[2].median, 30 * MIB);
}

static void retention(void **state)
{
	const uint64_t bytes[] = {100, 10, 10, 10, 10};

	assert_int_equal(boots__retain(bytes, 5, 3, 0), 3);
	assert_int_equal(boots__retain(bytes, 5, 0, 0), 5);
	assert_int_equal(boots__retain(bytes, 5, 0, 120), 3);
	assert_int_equal(boots__retain(bytes, 5, 10, 50), 1); /* its own stays, whatever its size */
	assert_int_equal(boots__retain(bytes, 5, 1, 0), 1);
	assert_int_equal(boots__retain(bytes, 0, 1, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_new),
		cmocka_unit_test(nothing_to_compare),
		cmocka_unit_test(between_samples),
		cmocka_unit_test(retention),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
