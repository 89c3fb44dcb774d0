/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/when.h"

static void utc(void **state)
{
	static const struct {
		uint64_t ns;
		const char *want;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{999999, "1970-01-01T00:00:00.000Z"},
		{1709210096789000000, "2024-02-29T12:34:56.789Z"},
		{UINT64_MAX, "2554-07-21T23:34:33.709Z"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[UTC_TIME_SIZE];

		assert_string_equal(utc_time(text, cases[i].ns), cases[i].want);
	}
}

static void durations(void **state)
{
	const uint64_t s = 1000000000;
	const struct {
		uint64_t ns;
		const char *want;
	} cases[] = {
		{0, "0 ms"},
		{4000000, "4.0 ms"},
		{250000000, "250 ms"},
		{4 * s + 240000000, "4.2 s"},
		{20 * s, "20 s"},
		{119 * s, "119 s"},
		{120 * s, "2 min"},
		{125 * s, "2 min 5 s"},
		{7199 * s, "119 min 59 s"},
		{7200 * s, "2 h"},
		{11100 * s, "3 h 5 min"},
		{200000 * s, "2 d 7 h"},
		{UINT64_MAX, "213503 d 23 h"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[HUMAN_DURATION_SIZE];

		assert_string_equal(human_duration(text, cases[i].ns), cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utc),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}
