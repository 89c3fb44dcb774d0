/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/judge.h"

/* Reads text as a file would be. */
static int read_text(const char *text, size_t len, struct judge *j)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, len ? len : 1, "r");
	int r;

	memset(j, 0, sizeof(*j));
	assert_non_null(in);
	r = len ? judge_read(in, "test", j) : 0;
	fclose(in);
	return r;
}

static int read_string(const char *text, struct judge *j)
{
	return read_text(text, strlen(text), j);
}

static void rows_are_read(void **state)
{
	struct judge j;

	assert_int_equal(read_string("t_seconds,value_kb\n0,100\n5,104\n10,108\n", &j), 0);
	assert_int_equal(j.series.n, 3);
	assert_true(j.series.last_s == 10 && j.series.v0 == 100);
}

static void spreadsheets_are_read(void **state)
{
	struct judge j;

	assert_int_equal(
		read_string("\xef\xbb\xbf\"t\";\"v\"\r\n\r\n# note\n\"1.5e0\";\"2048\";x\r\n"
			    " 3\t 4096 \r\n4,8192",
			    &j),
		0);
	assert_int_equal(j.series.n, 3);
	assert_true(j.series.t0 == 1.5 && j.series.v0 == 2048);
}

static void missing_values_are_counted_not_zero(void **state)
{
	struct judge j;

	assert_int_equal(read_string("0,10\n1,NaN\n2,\n3,null\n4,-\n5,n/a\n6,12\n", &j), 0);
	assert_int_equal(j.series.n, 2);
	assert_int_equal(j.n_missing, 5);
}

static void disorder_is_counted(void **state)
{
	struct judge j;

	assert_int_equal(read_string("0,10\n5,11\n5,12\n3,13\n6,14\n", &j), 0);
	assert_int_equal(j.series.n, 4);
	assert_int_equal(j.n_duplicate, 1);
	assert_int_equal(j.series.n_backward, 1);
}

static void refuses(const char *text, const char *what)
{
	struct judge j = {0};
	char err[JUDGE_ERROR_SIZE] = "";
	const char *end;
	int r = 0;

	for (; *text && !r; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		r = judge__line(&j, text, (size_t)(end - text), err);
	}
	assert_int_equal(r, -EINVAL);
	if (!strstr(err, what))
		fail_msg("'%s' says nothing of '%s'", err, what);
	for (const char *p = err; *p; p++)
		assert_in_range(*p, ' ', '~');
}

static void nonsense_gets_one_clear_error(void **state)
{
	refuses("t,v\n0,1\nfoo,2\n", "line 3");
	refuses("t,v\nhello,2\n", "line 2");
	refuses("0,1\n1,0x10\n", "value");
	refuses("0,1\n1,inf\n", "value");
	refuses("0,1\n1,12abc\n", "12abc");
	refuses("0,1\nnan,5\n", "time");
	refuses("0,1\n1,-4\n", "below zero");
	refuses("0,1\n1,9223372036854775808000\n", "out of range");
	refuses("0,1\n1,1e999\n", "out of range");
	refuses("0,1\n1e300,5\n", "out of range");
	refuses("just some words\n", "t_seconds,value_kb");
	refuses("0,1\n1,\x1b[31m\x07\n", "value");
}

static void edge_of_the_range_is_fine(void **state)
{
	struct judge j;

	assert_int_equal(read_string("0,9223372036854775807\n1,9223372036854775807\n", &j), 0);
	assert_int_equal(j.series.n, 2);
}

static void binary_and_endless_lines_are_refused(void **state)
{
	char *text = calloc(1, 200000);
	struct judge j;

	assert_non_null(text);
	memset(text, '7', 199999);
	assert_true(read_text(text, 199999, &j) < 0);
	memcpy(text, "0,1\n1,\0\n2,3\n", 12);
	assert_true(read_text(text, 12, &j) < 0);
	free(text);
}

static void lines_across_chunks_are_whole(void **state)
{
	size_t cap = 3 << 20, len = 0;
	char *text = malloc(cap);
	struct judge j;

	assert_non_null(text);
	for (int i = 0; i < 100000; i++)
		len += (size_t)snprintf(text + len, cap - len, "%d,%d\n", i, 1000 + i);
	assert_int_equal(read_text(text, len, &j), 0);
	assert_int_equal(j.series.n, 100000);
	assert_true(j.series.last_s == 99999 && j.series.last_v == 99999);
	free(text);
}

static void names_are_labels(void **state)
{
	struct judge_label label;

	assert_int_equal(judge_label_from_name("redis-plateau-3.csv", &label), 0);
	assert_int_equal(label.kind, VERDICT_PLATEAU);
	assert_false(label.is_leak);
	assert_int_equal(judge_label_from_name("my_leak_01.csv", &label), 0);
	assert_true(label.is_leak);
	assert_int_equal(judge_label_from_name("no-leak-7.csv", &label), 0);
	assert_false(label.is_leak);
	assert_int_equal(judge_label_from_name("noleak7.csv", &label), 0);
	assert_false(label.is_leak);
	assert_int_equal(judge_label_from_name("whatever.csv", &label), -EINVAL);
}

static char dir[] = "/tmp/test_judge.XXXXXX";

static void write_file(const char *name, const char *head, int n, int slope)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(head, f);
	for (int i = 0; i < n; i++)
		fprintf(f, "%d,%d\n", i * 30, 40000 + slope * i + i * 7919 % 5 * 4);
	fclose(f);
}

static void remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static struct json_object *judged_json(const char *path, int *ret)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct json_object *o;

	*ret = judge_main(path, "json", out, NULL);
	fclose(out);
	o = *ret < 0 ? NULL : json_tokener_parse(text);
	free(text);
	return o;
}

static const char *verdict_of(struct json_object *o)
{
	struct json_object *v, *kind;

	assert_true(json_object_object_get_ex(o, "verdict", &v));
	assert_true(json_object_object_get_ex(v, "kind", &kind));
	return json_object_get_string(kind);
}

static void a_file_gives_the_verdict(void **state)
{
	char path[128];
	struct json_object *o, *member;
	int r;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.csv", dir);
	write_file("a.csv", "t_seconds,value_kb\n", 80, 40);
	o = judged_json(path, &r);
	assert_int_equal(r, 0);
	assert_true(json_object_object_get_ex(o, "schema", &member));
	assert_string_equal(json_object_get_string(member), "memtrace.verdict/1");
	assert_string_equal(verdict_of(o), "leak");
	json_object_put(o);

	write_file("a.csv", "", 2, 40);
	o = judged_json(path, &r);
	assert_string_equal(verdict_of(o), "insufficient");
	json_object_put(o);

	write_file("a.csv", "", 80, 0);
	o = judged_json(path, &r);
	assert_string_equal(verdict_of(o), "stable");
	json_object_put(o);

	write_file("a.csv", "", 0, 0);
	assert_null(judged_json(path, &r));
	assert_int_equal(r, -EINVAL);
	remove_file("a.csv");
	assert_null(judged_json(path, &r));
	assert_int_equal(r, -ENOENT);
}

static void a_directory_gives_scores(void **state)
{
	struct json_object *o, *groups, *all, *f1;
	int r;

	write_file("x.csv", "t,v\n", 80, 40);
	write_file("y.csv", "t,v\n", 80, 0);
	write_file("labels.csv",
		   "file,leak,expected\nx.csv,1,leak\ny.csv,0,stable\n"
		   "missing.csv,0,stable\n../x.csv,1,leak\n",
		   0, 0);
	o = judged_json(dir, &r);
	assert_int_equal(r, 0);
	assert_true(json_object_object_get_ex(o, "groups", &groups));
	all = json_object_array_get_idx(groups, 0);
	assert_true(json_object_object_get_ex(all, "f1", &f1));
	assert_true(json_object_get_double(f1) == 1);
	assert_true(json_object_object_get_ex(all, "series", &f1));
	assert_int_equal(json_object_get_int(f1), 2);
	json_object_put(o);

	write_file("labels.csv", "what,is,this\n", 0, 0);
	assert_null(judged_json(dir, &r));
	assert_int_equal(r, -EINVAL);
	remove_file("labels.csv");
	remove_file("x.csv");
	remove_file("y.csv");
	assert_null(judged_json(dir, &r)); /* nothing labelled */
	assert_int_equal(r, -EINVAL);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read),
		cmocka_unit_test(spreadsheets_are_read),
		cmocka_unit_test(missing_values_are_counted_not_zero),
		cmocka_unit_test(disorder_is_counted),
		cmocka_unit_test(nonsense_gets_one_clear_error),
		cmocka_unit_test(edge_of_the_range_is_fine),
		cmocka_unit_test(binary_and_endless_lines_are_refused),
		cmocka_unit_test(lines_across_chunks_are_whole),
		cmocka_unit_test(names_are_labels),
		cmocka_unit_test(a_file_gives_the_verdict),
		cmocka_unit_test(a_directory_gives_scores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
