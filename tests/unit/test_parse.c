/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/parse.h"

static void u64(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"007", 0, 7},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"99999999999999999999999", -ERANGE, 0},
		{"99999999999999999999999x", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1\n", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 4711;

		assert_int_equal(parse_u64(cases[i].text, &value), cases[i].err);
		assert_int_equal(value, cases[i].err ? 4711 : cases[i].value);
	}
}

static void u32(void **state)
{
	uint32_t value = 1;

	assert_int_equal(parse_u32("4294967295", &value), 0);
	assert_int_equal(value, UINT32_MAX);
	assert_int_equal(parse_u32("4294967296", &value), -ERANGE);
	assert_int_equal(parse_u32("-4", &value), -EINVAL);
	assert_int_equal(value, UINT32_MAX);
}

#define S 1000000000ULL

static void durations(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t ns;
	} cases[] = {
		{"90", 0, 90 * S},
		{"90s", 0, 90 * S},
		{"500ms", 0, S / 2},
		{"0.5", 0, S / 2},
		{"1.5h", 0, 5400 * S},
		{"5m", 0, 300 * S},
		{"2h", 0, 7200 * S},
		{"2H", 0, 7200 * S},
		{"1d", 0, 86400 * S},
		{"1.000000001s", 0, S + 1},
		{"1.0000000019s", 0, S + 1},
		{"3650d", 0, 3650 * 86400 * S},
		{"3651d", -ERANGE, 0},
		{"0", -ERANGE, 0},
		{"0.0000000001s", -ERANGE, 0},
		{"99999999999999999999h", -ERANGE, 0},
		{"18446744073709551615d", -ERANGE, 0},
		{"1e9h", -EINVAL, 0},
		{"-5", -EINVAL, 0},
		{"", -EINVAL, 0},
		{".5", -EINVAL, 0},
		{"5.", -EINVAL, 0},
		{"5.s", -EINVAL, 0},
		{"1.2.3", -EINVAL, 0},
		{"5 m", -EINVAL, 0},
		{"5min", -EINVAL, 0},
		{"5us", -EINVAL, 0},
		{"s", -EINVAL, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t ns = 4711;

		assert_int_equal(parse_duration_ns(cases[i].text, &ns), cases[i].err);
		assert_int_equal(ns, cases[i].err ? 4711 : cases[i].ns);
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t bytes;
	} cases[] = {
		{"4096", 0, 4096},
		{"0", 0, 0},
		{"512K", 0, 512 << 10},
		{"512k", 0, 512 << 10},
		{"512KiB", 0, 512 << 10},
		{"1.5M", 0, 3 << 19},
		{"0.1K", 0, 102},
		{"2G", 0, 2ULL << 30},
		{"3TiB", 0, 3ULL << 40},
		{"7B", 0, 7},
		{"16777215.999999999T", 0, (16777215ULL << 40) + 1099511626676ULL},
		{"16777216T", -ERANGE, 0},
		{"1.5", -EINVAL, 0},
		{"1KB", -EINVAL, 0},
		{"1P", -EINVAL, 0},
		{"-1K", -EINVAL, 0},
		{"K", -EINVAL, 0},
		{"1K ", -EINVAL, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t bytes = 4711;

		assert_int_equal(parse_size(cases[i].text, &bytes), cases[i].err);
		assert_int_equal(bytes, cases[i].err ? 4711 : cases[i].bytes);
	}
}

static struct cursor over(const char *text)
{
	return (struct cursor){text, text + strlen(text)};
}

static void assert_cursor(struct cursor c, const char *text)
{
	assert_int_equal(c.end - c.p, strlen(text));
	assert_memory_equal(c.p, text, strlen(text));
}

static void lines(void **state)
{
	struct cursor c = over("one\n\nthree"), line, none = {NULL, NULL};

	assert_int_equal(cursor_line(&c, &line), 0);
	assert_cursor(line, "one");
	assert_int_equal(cursor_line(&c, &line), 0);
	assert_cursor(line, "");
	assert_int_equal(cursor_line(&c, &line), 0);
	assert_cursor(line, "three");
	assert_int_equal(cursor_line(&c, &line), -ENODATA);
	assert_cursor(line, "three");
	assert_int_equal(cursor_line(&none, &line), -ENODATA);
}

static void words(void **state)
{
	struct cursor c = over("  a\tbc \n"), word, empty = over(" ");

	assert_int_equal(cursor_word(&c, &word), 0);
	assert_cursor(word, "a");
	assert_int_equal(cursor_word(&c, &word), 0);
	assert_cursor(word, "bc");
	assert_int_equal(cursor_word(&c, &word), -ENODATA);
	assert_int_equal(cursor_word(&empty, &word), -ENODATA);
	assert_cursor(word, "bc");
}

static void numbers(void **state)
{
	/* Not NUL-terminated: what follows the cursor's end does not count. */
	static const char text[] = {' ', '4', '2', ' ', '4', 'x', ' ', '1', '2', '3'};
	struct cursor c = {text, text + sizeof(text) - 1};
	struct cursor big = over("18446744073709551616 7");
	uint64_t value = 1;

	assert_int_equal(cursor_u64(&c, &value), 0);
	assert_int_equal(value, 42);
	assert_int_equal(cursor_u64(&c, &value), -EINVAL);
	assert_int_equal(value, 42);
	assert_int_equal(cursor_u64(&c, &value), 0);
	assert_int_equal(value, 12);
	assert_int_equal(cursor_u64(&c, &value), -ENODATA);

	assert_int_equal(cursor_u64(&big, &value), -ERANGE);
	assert_int_equal(value, 12);
	assert_int_equal(cursor_u64(&big, &value), 0);
	assert_int_equal(value, 7);
}

static struct cursor text_of(const char *text)
{
	return (struct cursor){text, text + strlen(text)};
}

static void copies(void **state)
{
	const struct cursor none = {NULL, NULL}, with_nul = {"a\0b", "a\0b" + 3};
	char dst[8] = "kept";

	assert_true(cursor_is(text_of("kB"), "kB") && cursor_is(none, ""));
	assert_false(cursor_is(text_of("kB"), "k") || cursor_is(text_of("k"), "kB"));
	assert_false(cursor_copy(text_of("12345678"), dst, sizeof(dst)));
	assert_false(cursor_copy(with_nul, dst, sizeof(dst)));
	assert_string_equal(dst, "kept");
	assert_true(cursor_copy(text_of("1234567"), dst, sizeof(dst)));
	assert_string_equal(dst, "1234567");
	assert_true(cursor_copy(none, dst, sizeof(dst)));
	assert_string_equal(dst, "");
}

static void octal_escapes(void **state)
{
	static const char *const pairs[][2] = {
		{"a\\040b", "a b"},	  {"\\134\\011", "\\\t"},
		{"\\04", "\\04"},	  {"\\", "\\"},
		{"\\477x", "\\477x"},	  {"\\377", "\377"},
		{"a\\000b", "a"},	  {"", ""},
		{"123456789", "1234567"}, {"123456\\040\\040", "123456 "},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char dst[8];

		cursor_unescape(text_of(pairs[i][0]), dst, sizeof(dst));
		assert_string_equal(dst, pairs[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(u64),		 cmocka_unit_test(u32),
		cmocka_unit_test(durations),	 cmocka_unit_test(sizes),
		cmocka_unit_test(lines),	 cmocka_unit_test(words),
		cmocka_unit_test(numbers),	 cmocka_unit_test(copies),
		cmocka_unit_test(octal_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
