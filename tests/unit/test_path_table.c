/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "collect/path_table.h"

static void stacks_share_what_they_have_in_common(void **state)
{
	const struct path_frame_at a[] = {{1, 10}, {1, 20}, {2, 30}},
				   b[] = {{1, 11}, {1, 20}, {2, 30}};
	struct path_table t = {};
	uint32_t x, y, again, none = 7;

	assert_int_equal(path_table__stack(&t, a, 3, &x), 0);
	assert_int_equal(path_table__stack(&t, b, 3, &y), 0);
	assert_int_equal(path_table__stack(&t, a, 3, &again), 0);
	assert_int_equal(path_table__stack(&t, a, 0, &none), 0);
	assert_int_equal(x, again);
	assert_int_not_equal(x, y);
	assert_int_equal(none, 0);
	assert_int_equal(t.nodes.n, 4);
	assert_int_equal(t.nodes.v[x - 1].parent, t.nodes.v[y - 1].parent);
	for (size_t i = 0; i < t.nodes.n; i++)
		assert_true(t.nodes.v[i].parent < t.nodes.v[i].id);
	path_table__free(&t);
}

static void a_path_is_process_stack_domain_and_program(void **state)
{
	struct path_sample like = {.domain = PATH_USER, .proc = {5, 6}, .leaf = 1};
	struct path_table t = {};
	uint32_t first, other;

	assert_int_equal(path_table__path(&t, &like, 1, &first), 0);
	assert_int_equal(path_table__path(&t, &like, 1, &other), 0);
	assert_int_equal(first, other);
	assert_int_equal(path_table__path(&t, &like, 2, &other), 0);
	assert_int_not_equal(first, other);
	like.domain = PATH_HEAP;
	assert_int_equal(path_table__path(&t, &like, 1, &other), 0);
	assert_int_equal(other, 3);
	path_table__free(&t);
}

static void only_changes_are_told(void **state)
{
	const struct path_frame_at frame = {1, 10};
	struct path_sample like = {.domain = PATH_USER};
	struct path_table t = {};
	struct tick tick = {};
	uint32_t path;

	path_table__stack(&t, &frame, 1, &like.leaf);
	path_table__path(&t, &like, 0, &path);
	assert_int_equal(path_table__tell(&t, &tick), 0);
	assert_int_equal(tick.nodes.n, 1);
	assert_int_equal(tick.paths.n, 1);
	tick__clear(&tick);
	assert_int_equal(path_table__tell(&t, &tick), 0);
	assert_int_equal(tick.nodes.n + tick.paths.n, 0);
	t.paths.v[path - 1].now.live = 4096;
	assert_int_equal(path_table__tell(&t, &tick), 0);
	assert_int_equal(tick.paths.n, 1);
	assert_int_equal(tick.paths.v[0].live, 4096);
	tick__free(&tick);
	path_table__free(&t);
}

static void beyond_the_bound_a_path_has_no_stack(void **state)
{
	struct path_sample like = {.domain = PATH_USER, .complete = true};
	struct path_table t = {};
	uint32_t path = 0, last = 0;

	for (like.leaf = 1; like.leaf <= PATHS_MAX + 10; like.leaf++) {
		last = path;
		assert_int_equal(path_table__path(&t, &like, 0, &path), 0);
	}
	assert_int_equal(path, last);
	assert_int_equal(t.paths.v[path - 1].now.leaf, 0);
	assert_false(t.paths.v[path - 1].now.complete);
	assert_int_equal(t.n_over, 10);
	path_table__free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_share_what_they_have_in_common),
		cmocka_unit_test(a_path_is_process_stack_domain_and_program),
		cmocka_unit_test(only_changes_are_told),
		cmocka_unit_test(beyond_the_bound_a_path_has_no_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
