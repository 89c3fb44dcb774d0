/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "analyze/clock.h"

#define S 1000000000ull

static const struct clocks start = {1700000000 * S, 5000 * S, 4000 * S};

static struct clocks later(uint64_t real_s, uint64_t boot_s, uint64_t mono_s)
{
	return (struct clocks){start.real_ns + real_s * S, start.boot_ns + boot_s * S,
			       start.mono_ns + mono_s * S};
}

static void nothing_happened(void **state)
{
	char text[CLOCK_NOTE_SIZE];
	struct clocks now = later(30, 30, 30);

	assert_false(clock_note(text, &start, &now));
	now.real_ns += S; /* NTP */
	assert_false(clock_note(text, &start, &now));
}

static void suspended(void **state)
{
	char text[CLOCK_NOTE_SIZE];
	struct clocks now = later(3630, 3630, 30);

	assert_true(clock_note(text, &start, &now));
	assert_string_equal(text, "the machine was suspended for 60 min");
}

static void set(void **state)
{
	char text[CLOCK_NOTE_SIZE];
	struct clocks now = later(330, 30, 30);

	assert_true(clock_note(text, &start, &now));
	assert_string_equal(text, "the clock was set forward by 5 min");
	now = later(30, 30, 30);
	now.real_ns -= 3600 * S;
	assert_true(clock_note(text, &start, &now));
	assert_string_equal(text, "the clock was set back by 60 min");
}

static void both(void **state)
{
	char text[CLOCK_NOTE_SIZE];
	struct clocks now = later(7200, 3630, 30);

	assert_true(clock_note(text, &start, &now));
	assert_non_null(strstr(text, "suspended for 60 min; the clock was set forward by"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_happened),
		cmocka_unit_test(suspended),
		cmocka_unit_test(set),
		cmocka_unit_test(both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
