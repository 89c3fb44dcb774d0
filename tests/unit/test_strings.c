/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "model/strings.h"

static void same_text_is_kept_once(void **state)
{
	struct strings t = {};
	char other[] = "main";
	const char *a = strings__keep(&t, "main"), *b = strings__keep(&t, other);

	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, other);
	assert_string_equal(strings__keep(&t, ""), "");
	assert_null(strings__keep(&t, NULL));
	assert_int_equal(t.all.n, 2);
	strings__free(&t);
}

static void many_stay_where_they_are(void **state)
{
	struct strings t = {};
	const char *kept[1000];
	char name[16];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		kept[i] = strings__keep(&t, name);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		assert_string_equal(kept[i], name);
		assert_ptr_equal(strings__keep(&t, name), kept[i]);
	}
	strings__free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_text_is_kept_once),
		cmocka_unit_test(many_stay_where_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
