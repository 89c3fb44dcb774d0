/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of Go functions in all layouts, made here, whole and damaged. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "symbol/go_table.h"

#define N 3
#define TEXT 0x401000u

static const char *const names[N] = {"runtime.main", "main.leak", "main.(*cache[...]).add"};
static const uint32_t offsets[N + 1] = {0, 0x40, 0x100, 0x180};

struct table {
	unsigned char b[1024];
	size_t n, word;
};

static void put(struct table *t, size_t at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		t->b[at + i] = (unsigned char)(value >> 8 * i);
	if (t->n < at + size)
		t->n = at + size;
}

static void put_header(struct table *t, uint32_t magic, size_t word)
{
	*t = (struct table){.word = word};
	put(t, 0, magic, 4);
	put(t, 6, 1, 1);
	put(t, 7, word, 1);
	put(t, 8, N, word);
}

static size_t put_names(struct table *t, size_t at, size_t where[N])
{
	for (size_t i = 0; i < N; i++) {
		where[i] = at;
		memcpy(t->b + at, names[i], strlen(names[i]) + 1);
		at += strlen(names[i]) + 1;
	}
	if (t->n < at)
		t->n = at;
	return at;
}

/* The function table and, after it, what is told of each function. */
static void put_functions(struct table *t, size_t at, size_t field, uint64_t text,
			  const size_t name[N], size_t base)
{
	size_t more = at + (2 * N + 1) * field;

	for (size_t i = 0; i <= N; i++) {
		put(t, at + 2 * field * i, text + offsets[i], field);
		if (i == N)
			break;
		put(t, at + 2 * field * i + field, more - base, field);
		put(t, more, text + offsets[i], field);
		put(t, more + field, name[i], 4);
		more += field + 8;
	}
}

static void make_1_2(struct table *t)
{
	size_t name[N];

	put_header(t, 0xfffffffb, 8);
	put_names(t, 600, name);
	put_functions(t, 16, 8, TEXT, name, 0);
}

static void make_1_16(struct table *t)
{
	size_t name[N];

	put_header(t, 0xfffffffa, 8);
	put_names(t, 600, name);
	for (size_t i = 0; i < N; i++)
		name[i] -= 600;
	put(t, 8 + 2 * 8, 600, 8);
	put(t, 8 + 6 * 8, 100, 8);
	put_functions(t, 100, 8, TEXT, name, 100);
}

static void make_1_18(struct table *t, uint32_t magic, uint64_t text, size_t word)
{
	size_t name[N];

	put_header(t, magic, word);
	put_names(t, 600, name);
	for (size_t i = 0; i < N; i++)
		name[i] -= 600;
	put(t, 8 + 2 * word, text, word);
	put(t, 8 + 3 * word, 600, word);
	put(t, 8 + 7 * word, 100, word);
	put_functions(t, 100, 4, 0, name, 100);
}

static int read_table(const struct table *t, uint64_t text_start, struct function_table *f)
{
	/* Exactly as long, so that a step beyond it is seen. */
	void *copy = malloc(t->n);
	struct go_table g = {.data = copy, .size = t->n, .text_start = text_start};
	int err;

	assert_non_null(copy);
	memcpy(copy, t->b, t->n);
	err = go_table__add_to(&g, f);
	assert_int_equal(function_table__sort(f), 0);
	if (!err) {
		const char *name = function_table__find(f, TEXT + 0x41);

		if (text_start != 1) /* 1: damaged on purpose */
			assert_string_equal(name, names[1]);
	}
	free(copy);
	return err;
}

static void check(const struct table *t, uint64_t text_start)
{
	struct go_table g = {.data = t->b, .size = t->n, .text_start = text_start};
	struct function_table f = {};

	assert_int_equal(go_table__add_to(&g, &f), 0);
	assert_int_equal(function_table__sort(&f), 0);
	assert_string_equal(function_table__find(&f, TEXT), names[0]);
	assert_string_equal(function_table__find(&f, TEXT + 0x3f), names[0]);
	assert_string_equal(function_table__find(&f, TEXT + 0x40), names[1]);
	assert_string_equal(function_table__find(&f, TEXT + 0x17f), names[2]);
	assert_null(function_table__find(&f, TEXT + 0x180));
	assert_null(function_table__find(&f, TEXT - 1));
	function_table__free(&f);
}

static void all_layouts(void **state)
{
	struct table t;

	make_1_2(&t);
	check(&t, 0);
	make_1_16(&t);
	check(&t, 0);
	make_1_18(&t, 0xfffffff0, TEXT, 8);
	check(&t, 0);
	make_1_18(&t, 0xfffffff1, TEXT, 8);
	check(&t, 0);
	make_1_18(&t, 0xfffffff1, TEXT, 4);
	check(&t, 0);
	/* It does not say what it counts from. */
	make_1_18(&t, 0xfffffff1, 0, 8);
	check(&t, TEXT);
}

static void no_such_table(void **state)
{
	struct function_table f = {};
	struct table t;

	make_1_18(&t, 0xfffffff1, 0, 8);
	assert_int_equal(read_table(&t, 0, &f), -ENOEXEC); /* from where is not known */
	make_1_18(&t, 0xfffffff2, TEXT, 8);
	assert_int_equal(read_table(&t, 0, &f), -ENOEXEC);
	make_1_18(&t, 0xfffffff1, TEXT, 8);
	put(&t, 8, UINT64_MAX, 8);
	assert_int_equal(read_table(&t, 0, &f), -ENOEXEC);
	put(&t, 8, 0, 8);
	assert_int_equal(read_table(&t, 0, &f), -ENOEXEC);
	t.n = 0;
	assert_int_equal(read_table(&(struct table){.n = 4}, 0, &f), -ENOEXEC);
	assert_int_equal(f.functions.n, 0);
	function_table__free(&f);
}

/* Cut anywhere, and each byte changed: an error or names, and no step beyond the table. */
static void damaged(void **state)
{
	void (*const make[])(struct table *) = {make_1_2, make_1_16};
	struct table t;

	for (size_t kind = 0; kind < 3; kind++) {
		size_t n;

		if (kind < 2)
			make[kind](&t);
		else
			make_1_18(&t, 0xfffffff1, TEXT, 8);
		n = t.n;
		for (size_t i = 1; i < n; i++) {
			struct function_table f = {};
			struct table cut = t, changed = t;

			cut.n = i;
			read_table(&cut, 1, &f);
			function_table__free(&f);
			f = (struct function_table){};
			changed.b[i] ^= 0xff;
			read_table(&changed, 1, &f);
			function_table__free(&f);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_layouts),
		cmocka_unit_test(no_such_table),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
