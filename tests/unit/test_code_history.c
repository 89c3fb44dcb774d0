/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "model/code_history.h"

#define S 1000000000ull

static void tell_path(struct code_history *c, uint64_t at_ns, uint64_t live)
{
	struct tick t = {.mono_ns = at_ns};

	assert_int_equal(vec_push(&t.paths, (struct path_sample){.id = 1, .live = live}), 0);
	assert_int_equal(code_history__add(c, &t), 0);
	tick__free(&t);
}

static void growth_is_from_the_start_or_over_a_time(void **state)
{
	struct code_history whole = {}, last = {.since_ns = 10 * S};

	for (uint64_t i = 0; i <= 60; i++) {
		tell_path(&whole, (100 + i) * S, 1000 + i);
		tell_path(&last, (100 + i) * S, 1000 + i);
	}
	assert_int_equal(code_history__base(&whole, &whole.paths.v[0], 160 * S), 1000);
	assert_int_equal(code_history__base(&last, &last.paths.v[0], 160 * S), 1050);
	assert_int_equal(whole.paths.v[0].points.n, 0);
	assert_true(last.paths.v[0].points.n <= 12);
	/* What did not change since keeps its last value. */
	assert_int_equal(code_history__base(&last, &last.paths.v[0], 900 * S), 1060);
	code_history__free(&whole);
	code_history__free(&last);
}

static void a_path_that_came_later_started_at_nothing(void **state)
{
	struct code_history c = {};
	struct tick empty = {.mono_ns = S};

	assert_int_equal(code_history__add(&c, &empty), 0);
	tell_path(&c, 2 * S, 500);
	assert_int_equal(code_history__base(&c, &c.paths.v[0], 2 * S), 0);
	code_history__free(&c);
}

static void rows_that_point_nowhere_are_left_out(void **state)
{
	const struct code_node ring[] = {
		{.id = 1, .parent = 1}, {.id = 1}, {.id = 2, .parent = 9}, {.id = 7}};
	struct code_history c = {};
	struct tick t = {.mono_ns = S};

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(vec_push(&t.nodes, ring[i]), 0);
	assert_int_equal(vec_push(&t.paths, (struct path_sample){.id = 1, .leaf = 40}), 0);
	assert_int_equal(vec_push(&t.paths, (struct path_sample){.id = 9}), 0);
	assert_int_equal(code_history__add(&c, &t), 0);
	assert_int_equal(c.nodes.n, 1);
	assert_int_equal(c.paths.n, 0);
	assert_int_equal(c.n_strays, 5);
	assert_null(code_history__node(&c, 0));
	assert_null(code_history__node(&c, 2));
	tick__free(&t);
	code_history__free(&c);
}

static void a_name_found_later_takes_the_place(void **state)
{
	struct code_history c = {};
	struct code_node n = {.id = 1, .module = 1, .addr = 16};
	char first[] = "first", second[] = "second";
	struct code_symbol s = {.module = 1, .addr = 16, .function = first};

	assert_null(code_history__symbol(&c, &n, 0));
	assert_int_equal(code_history__add_symbol(&c, &s), 0);
	s.function = second;
	assert_int_equal(code_history__add_symbol(&c, &s), 0);
	assert_string_equal(code_history__symbol(&c, &n, 0)->function, "second");
	assert_null(code_history__symbol(&c, &n, 1));
	code_history__free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_is_from_the_start_or_over_a_time),
		cmocka_unit_test(a_path_that_came_later_started_at_nothing),
		cmocka_unit_test(rows_that_point_nowhere_are_left_out),
		cmocka_unit_test(a_name_found_later_takes_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
