/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "collect/activity.h"
#include "fixture.h"

static void a_tree(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/activity");
	struct counter v[] = {{"pgpgin", 10}, {"pgpgout", 20}};
	struct counters vmstat = {v, 2, 2};
	struct activity a;

	activity_read(root, &vmstat, &a);
	assert_int_equal(a.known, (1u << _ACTIVITY_PART_MAX) - 1);
	assert_int_equal(a.n_cpus, 2);
	assert_true(a.cpu_ns % 170 == 0 && a.cpu_ns > 0); /* 100 + 10 + 50 + 5 + 5 ticks */
	assert_int_equal(a.starts, 4321);
	assert_int_equal(a.net_bytes, 1234); /* lo is not the network */
	assert_int_equal(a.io_bytes, 30 * 1024);
	assert_int_equal(a.sessions, 2);
	assert_true(a.terminal_ns > 0);
}

static void nothing_there(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/facts");
	struct counters vmstat = {0};
	struct activity a;

	activity_read(root, &vmstat, &a);
	assert_int_equal(a.known, 0);
}

static void cut_and_odd(void **state)
{
	struct activity a = {0};
	uint64_t bytes = 7;

	proc_stat_parse(text_of("cpu  1 2\n"), 100, &a);
	assert_int_equal(a.known, 0);
	proc_stat_parse(text_of("cpu  1 2 3 4 5 6 7 8"), 100, &a); /* no newline: cut */
	assert_int_equal(a.known, 0);
	proc_stat_parse(text_of("cpu 1 2 3 4\nprocesses\n"), 100, &a);
	assert_int_equal(a.known, 1u << ACTIVITY_CPU);
	assert_int_equal(a.cpu_ns, 60000000);
	assert_int_equal(net_dev_parse(text_of(""), &bytes), -EBADMSG);
	assert_int_equal(net_dev_parse(text_of("x: 1 2\n:\n"), &bytes), -EBADMSG);
	assert_int_equal(bytes, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(cut_and_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
