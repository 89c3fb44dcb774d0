/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static void strbuf_grows(void **state)
{
	struct strbuf b = {0};

	strbuf_add(&b, "", 0);
	assert_string_equal(b.s, "");
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&b, "%03d,", i);
	assert_int_equal(b.len, 4000);
	assert_int_equal(strlen(b.s), 4000);
	assert_memory_equal(b.s + 3996, "999,", 5);
	strbuf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 4003);
	assert_false(b.failed);
	strbuf_free(&b);
	assert_null(b.s);
	assert_int_equal(b.len, 0);
}

static void strbuf_failure_keeps_content(void **state)
{
	struct strbuf b = {0};

	strbuf_add(&b, "kept", 4);
	strbuf_add(&b, "", SIZE_MAX - 2);
	assert_true(b.failed);
	strbuf_addf(&b, "%d", 1);
	strbuf_add(&b, "x", 1);
	assert_string_equal(b.s, "kept");
	strbuf_free(&b);
}

static void assert_safe(const char *src, const char *expected)
{
	char dst[256];

	assert_ptr_equal(safe_text(dst, sizeof(dst), src, strlen(src)), dst);
	assert_string_equal(dst, expected);
}

static void safe_text_escapes(void **state)
{
	assert_safe("", "");
	assert_safe("plain text \\ \"", "plain text \\ \"");
	assert_safe("a\nb\tc\x1b[31m\x7f", "a\\x0ab\\x09c\\x1b[31m\\x7f");
	assert_safe("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
		    "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
	assert_safe("\xc2\x9b", "\\xc2\\x9b");		/* CSI as a C1 character */
	assert_safe("\x9b\xff\xfe", "\\x9b\\xff\\xfe"); /* stray bytes */
	assert_safe("\xc0\x8a", "\\xc0\\x8a");		/* overlong newline */
	assert_safe("\xe0\x80\x8a", "\\xe0\\x80\\x8a"); /* the same in three bytes */
	assert_safe("\xe0\x81\x81", "\\xe0\\x81\\x81"); /* overlong A */
	assert_safe("\xf0\x81\x81\x81", "\\xf0\\x81\\x81\\x81");
	assert_safe("\xed\xa0\x80", "\\xed\\xa0\\x80");		 /* surrogate */
	assert_safe("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
	assert_safe("\xe2\x80\xa8\xe2\x80\xa9",
		    "\\xe2\\x80\\xa8\\xe2\\x80\\xa9"); /* U+2028, 2029 */
	assert_safe("\xe2\x80\xae\xe2\x81\xa6", "\\xe2\\x80\\xae\\xe2\\x81\\xa6"); /* bidi */
	assert_safe("\xd8\x9c", "\\xd8\\x9c");
	assert_safe("x\xe2\x82", "x\\xe2\\x82"); /* cut character */
}

static void safe_text_bounds(void **state)
{
	static const char comm[16] = "0123456789abcdef"; /* all sixteen, no NUL */
	char dst[64], tiny[1] = {'x'};

	assert_string_equal(safe_text(dst, sizeof(dst), comm, sizeof(comm)), "0123456789abcdef");
	assert_string_equal(safe_text(dst, sizeof(dst), "ab\0cd", 5), "ab");
	assert_string_equal(safe_text(dst, 4, "abcdef", 6), "abc");
	/* No half escapes and no half characters. */
	assert_string_equal(safe_text(dst, 7, "ab\n\n", 4), "ab\\x0a");
	assert_string_equal(safe_text(dst, 6, "ab\n\n", 4), "ab");
	assert_string_equal(safe_text(dst, 4, "a\xe2\x82\xac", 4), "a");
	assert_string_equal(safe_text(dst, 12, "\xe2\x80\xae", 3), "");
	assert_string_equal(safe_text(tiny, 1, "abc", 3), "");
	tiny[0] = 'x';
	safe_text(tiny, 0, "abc", 3);
	assert_int_equal(tiny[0], 'x');
}

static void safe_utf8_replaces(void **state)
{
	char dst[64];

	assert_string_equal(safe_utf8(dst, sizeof(dst), "a\nb\x1b", 4), "a\nb\x1b");
	assert_string_equal(safe_utf8(dst, sizeof(dst), "\xff\xc3\xbc\xc3", 4),
			    "\xef\xbf\xbd\xc3\xbc\xef\xbf\xbd");
	assert_string_equal(safe_utf8(dst, 3, "\xff", 1), "");
	assert_string_equal(safe_utf8(dst, 4, "\xff", 1), "\xef\xbf\xbd");
	assert_string_equal(safe_utf8(dst, sizeof(dst), "ab\0c", 4), "ab");
}

static void assert_csv(const char *src, const char *expected)
{
	struct strbuf b = {0};

	csv_field(&b, src, strlen(src));
	assert_false(b.failed);
	assert_string_equal(b.s, expected);
	strbuf_free(&b);
}

static void csv(void **state)
{
	assert_csv("", "");
	assert_csv("plain", "plain");
	assert_csv("a,b", "\"a,b\"");
	assert_csv("say \"hi\"", "\"say \"\"hi\"\"\"");
	assert_csv("a\r\nb", "a\\x0d\\x0ab");
	assert_csv("=cmd()", "'=cmd()");
	assert_csv("+1", "'+1");
	assert_csv("-1", "'-1");
	assert_csv("@x", "'@x");
	assert_csv("a=b", "a=b");
	assert_csv("=1,\"", "\"'=1,\"\"\"");
	assert_csv("\t=1", "\\x09=1");
}

static void human(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},
		{1, "1 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1280, "1.3 KiB"},
		{4096, "4.0 KiB"},
		{102348, "99.9 KiB"},
		{102349, "100 KiB"},
		{512 << 10, "512 KiB"},
		{1048063, "1023 KiB"},
		{1048064, "1.0 MiB"},
		{1288490189, "1.2 GiB"},
		{1ULL << 40, "1.0 TiB"},
		{1ULL << 50, "1.0 PiB"},
		{UINT64_MAX, "16.0 EiB"},
	};
	char dst[HUMAN_BYTES_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(human_bytes(dst, cases[i].bytes), cases[i].text);
	assert_string_equal(human_delta(dst, 0), "0 B");
	assert_string_equal(human_delta(dst, 1258291), "+1.2 MiB");
	assert_string_equal(human_delta(dst, -4096), "-4.0 KiB");
	assert_string_equal(human_delta(dst, INT64_MIN), "-8.0 EiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strbuf_grows),
		cmocka_unit_test(strbuf_failure_keeps_content),
		cmocka_unit_test(safe_text_escapes),
		cmocka_unit_test(safe_text_bounds),
		cmocka_unit_test(safe_utf8_replaces),
		cmocka_unit_test(csv),
		cmocka_unit_test(human),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
