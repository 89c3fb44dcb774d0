/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor.h"

static struct feature two[] = {
	{.name = "page attribution", .state = FEATURE_WORKS, .detail = "owner table of 8.0 MiB"},
	{.name = "fentry",
	 .state = FEATURE_MISSING,
	 .detail = "attach refused: Operation not permitted",
	 .fix = "boot with lockdown=none"},
};
static const struct features some = {.v = two, .n = 2};

/* Escapes, newlines, bytes that are not UTF-8, quotes; the second fills its array without a NUL. */
static struct features hostile(void)
{
	static struct feature v[2];

	v[0] = (struct feature){.name = "a",
				.state = FEATURE_DEGRADED,
				.detail = "\033[2J\n\"q\" <b> \xff \xe2\x80\xae",
				.fix = "a\tb\\"};
	v[1] = (struct feature){.name = "b", .state = FEATURE_WORKS};
	memset(v[1].detail, 0xff, sizeof(v[1].detail));
	memset(v[1].fix, 'f', sizeof(v[1].fix));
	return (struct features){.v = v, .n = 2};
}

static char *print(const struct features *f, const char *format)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(doctor_print(f, format, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_text(void **state)
{
	char *text = print(&some, "text");

	assert_string_equal(text, "works     page attribution  owner table of 8.0 MiB\n"
				  "missing   fentry            attach refused: Operation not "
				  "permitted\n"
				  "                            fix: boot with lockdown=none\n"
				  "\n"
				  "1 works, 0 degraded, 1 missing\n");
	free(text);
}

static void test_text_of_nothing(void **state)
{
	const struct features none = {0};
	char *text = print(&none, "text");

	assert_string_equal(text, "nothing was probed\n\n0 works, 0 degraded, 0 missing\n");
	free(text);
}

static void test_text_without_detail_has_no_blanks_at_the_end(void **state)
{
	struct feature v[] = {{.name = "x", .state = FEATURE_WORKS},
			      {.name = "longer", .state = FEATURE_WORKS, .detail = "d"}};
	const struct features f = {.v = v, .n = 2};
	char *text = print(&f, "text");

	assert_ptr_equal(strstr(text, "works     x\n"), text);
	free(text);
}

static void test_text_is_safe(void **state)
{
	const struct features f = hostile();
	char *text = print(&f, "text");
	size_t lines = 0;

	for (const unsigned char *c = (unsigned char *)text; *c; c++) {
		lines += *c == '\n';
		assert_true(*c == '\n' || (*c >= 0x20 && *c < 0x7f));
	}
	assert_int_equal(lines, 6);
	assert_non_null(strstr(text, "\\x1b[2J\\x0a\"q\" <b> \\xff \\xe2\\x80\\xae\n"));
	assert_non_null(strstr(text, "fix: a\\x09b\\\n"));
	free(text);
}

static struct json_object *parse(const struct features *f)
{
	char *text = print(f, "json");
	struct json_tokener *t = json_tokener_new();
	struct json_object *root;

	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(t, text, (int)strlen(text));
	if (!root)
		fail_msg("%s: %s", json_tokener_error_desc(json_tokener_get_error(t)), text);
	assert_int_equal(text[strlen(text) - 1], '\n');
	json_tokener_free(t);
	free(text);
	return root;
}

static const char *member(struct json_object *o, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(o, key, &value) ? json_object_get_string(value) : NULL;
}

static void test_json(void **state)
{
	struct json_object *root = parse(&some), *list, *f;

	assert_string_equal(member(root, "schema"), "memtrace.doctor/1");
	assert_true(json_object_object_get_ex(root, "features", &list));
	assert_int_equal(json_object_array_length(list), 2);
	f = json_object_array_get_idx(list, 0);
	assert_string_equal(member(f, "name"), "page attribution");
	assert_string_equal(member(f, "state"), "works");
	assert_string_equal(member(f, "detail"), "owner table of 8.0 MiB");
	assert_null(member(f, "fix"));
	f = json_object_array_get_idx(list, 1);
	assert_string_equal(member(f, "state"), "missing");
	assert_string_equal(member(f, "fix"), "boot with lockdown=none");
	json_object_put(root);
}

static void test_json_is_safe(void **state)
{
	const struct features f = hostile();
	struct json_object *root = parse(&f), *list, *o;

	assert_true(json_object_object_get_ex(root, "features", &list));
	o = json_object_array_get_idx(list, 0);
	assert_string_equal(member(o, "detail"), "\033[2J\n\"q\" <b> \xef\xbf\xbd \xe2\x80\xae");
	assert_string_equal(member(o, "fix"), "a\tb\\");
	o = json_object_array_get_idx(list, 1);
	assert_int_equal(strlen(member(o, "detail")), 3 * sizeof(two[0].detail));
	assert_int_equal(strlen(member(o, "fix")), sizeof(two[0].fix));
	json_object_put(root);
}

static void test_json_of_nothing(void **state)
{
	const struct features none = {0};
	struct json_object *root = parse(&none), *list;

	assert_true(json_object_object_get_ex(root, "features", &list));
	assert_int_equal(json_object_array_length(list), 0);
	json_object_put(root);
}

static void test_other_formats_and_errors(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(doctor_print(&some, "csv", full), -EINVAL);
	assert_int_equal(doctor_print(&some, "text", full), -EIO);
	clearerr(full);
	assert_int_equal(doctor_print(&some, "json", full), -EIO);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_of_nothing),
		cmocka_unit_test(test_text_without_detail_has_no_blanks_at_the_end),
		cmocka_unit_test(test_text_is_safe),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_is_safe),
		cmocka_unit_test(test_json_of_nothing),
		cmocka_unit_test(test_other_formats_and_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
