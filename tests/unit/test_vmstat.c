/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "collect/vmstat.h"

static int find(const char *text, const char *name, uint64_t *ret)
{
	return vmstat_find((struct cursor){text, text + strlen(text)}, name, ret);
}

static void finds_by_whole_name(void **state)
{
	const char *text = "pgmigrate_success_x 1\npgmigrate 2\npgmigrate_success 3\n";
	uint64_t n = 99;

	(void)state;
	assert_int_equal(find(text, "pgmigrate_success", &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(find(text, "pgmigrate", &n), 0);
	assert_int_equal(n, 2);
}

static void leaves_the_result_alone_on_failure(void **state)
{
	uint64_t n = 99;

	(void)state;
	assert_int_equal(find("", "x", &n), -ENOENT);
	assert_int_equal(find("x\n", "x", &n), -ENODATA);
	assert_int_equal(find("x y\n", "x", &n), -EINVAL);
	assert_int_equal(find("x 99999999999999999999\n", "x", &n), -ERANGE);
	assert_int_equal(n, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_by_whole_name),
		cmocka_unit_test(leaves_the_result_alone_on_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
