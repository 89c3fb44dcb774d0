/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/cleanup.h"
#include "collect/vmstat.h"
#include "fixture.h"

static void cleanup_counters(struct counters *c)
{
	vec_free(c);
}
#define _cleanup_counters_ _cleanup_(cleanup_counters)

static void test_made(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/made");
	_cleanup_counters_ struct counters c = {0};
	uint64_t n = 1;

	assert_int_equal(vmstat_read(root, &c), 0);
	assert_int_equal(c.n, 4);
	assert_int_equal(counters__find(&c, "pswpout", &n), 0);
	assert_int_equal(n, 4000000000000);
	assert_int_equal(counters__find(&c, "future_thing", &n), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(counters__find(&c, "too_big", &n), -ENOENT);
	assert_int_equal(counters__find(&c, "cut", &n), -ENOENT);
	assert_int_equal(counters__find(&c, "two", &n), -ENOENT);
	assert_true(n == UINT64_MAX);
}

static void test_captured(void **state)
{
	static const char *const names[] = {
		"nr_free_pages",     "pswpin",	 "pswpout",	   "compact_stall",
		"pgmigrate_success", "oom_kill", "thp_fault_alloc"};
	_cleanup_close_ int root = open_root("tests/fixtures/system/captured");
	_cleanup_counters_ struct counters c = {0};
	uint64_t n;

	assert_int_equal(vmstat_read(root, &c), 0);
	assert_true(c.n > 150);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(counters__find(&c, names[i], &n), 0);
}

static void test_failures(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/v2");
	_cleanup_counters_ struct counters c = {0};

	assert_int_equal(vmstat_read(root, &c), -ENOENT);
	assert_int_equal(counters_parse(text_of("\n\n \na\n1\n"), &c), 0);
	assert_int_equal(c.n, 0);
}

static void test_delta(void **state)
{
	struct counter before[] = {{"a", 5}, {"b", 7}, {"gone", 1}};
	struct counter now[] = {{"new", 1}, {"b", 6}, {"a", 9}};
	const struct counters old = {.v = before, .n = 3}, new = {.v = now, .n = 3};
	uint64_t n = 77;

	assert_int_equal(counters__delta(&old, &new, "b", &n), -ERANGE);
	assert_int_equal(counters__delta(&old, &new, "gone", &n), -ENOENT);
	assert_int_equal(counters__delta(&old, &new, "new", &n), -ENOENT);
	assert_int_equal(n, 77);
	assert_int_equal(counters__delta(&old, &new, "a", &n), 0);
	assert_int_equal(n, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_captured),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_delta),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
