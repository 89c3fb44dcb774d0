/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/cleanup.h"
#include "collect/psi.h"
#include "fixture.h"

static void test_machine(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/made");
	struct psi p[_PSI_RESOURCE_MAX];

	assert_int_equal(psi_read(root, p), 0);
	assert_true(p[PSI_MEMORY].some.known);
	assert_int_equal(p[PSI_MEMORY].some.avg10, 733);
	assert_int_equal(p[PSI_MEMORY].some.avg60, 2338);
	assert_int_equal(p[PSI_MEMORY].some.avg300, 10000);
	assert_int_equal(p[PSI_MEMORY].some.total_us, 819230258);
	assert_int_equal(p[PSI_MEMORY].full.avg60, 5);
	assert_int_equal(p[PSI_MEMORY].full.total_us, 12);
	/* a field of the future is no matter, a missing one is */
	assert_true(p[PSI_IO].some.known);
	assert_int_equal(p[PSI_IO].some.avg300, 300);
	assert_false(p[PSI_IO].full.known);
	/* the file is not there */
	assert_false(p[PSI_CPU].some.known);
}

static void test_captured(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/captured");
	struct psi p[_PSI_RESOURCE_MAX];

	assert_int_equal(psi_read(root, p), 0);
	for (int i = 0; i < _PSI_RESOURCE_MAX; i++)
		assert_true(p[i].some.known && p[i].full.known);
	assert_true(p[PSI_CPU].some.total_us > 0);
}

static void test_not_there(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/v2");
	struct psi p[_PSI_RESOURCE_MAX] = {[PSI_CPU].some.total_us = 9};

	assert_int_equal(psi_read(root, p), -ENOENT);
	assert_int_equal(p[PSI_CPU].some.total_us, 9);
}

static void test_bad_lines(void **state)
{
	static const char *const bad[] = {
		"",
		"some\n",
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=1", /* cut: perhaps 1234 */
		"some avg10=0.00 avg60=0.00 avg300=0.00\n",
		"some avg10=0.0 avg60=0.00 avg300=0.00 total=1\n",
		"some avg10=101.00 avg60=0.00 avg300=0.00 total=1\n",
		"some avg10=-1.00 avg60=0.00 avg300=0.00 total=1\n",
		"some avg10=1.-1 avg60=0.00 avg300=0.00 total=1\n",
		"some avg10= avg60= avg300= total=\n",
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=18446744073709551616\n",
		"most avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
	};
	struct psi p = {.some.total_us = 5};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (psi_parse(text_of(bad[i]), &p) != -EBADMSG)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(p.some.total_us, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_captured),
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_bad_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
