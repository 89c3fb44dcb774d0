/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/hmap.h"
#include "base/vec.h"

static void push_and_iterate(void **state)
{
	VEC(uint64_t) v = {0};
	uint64_t sum = 0, n = 0;

	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(vec_push(&v, i), 0);
	assert_int_equal(v.n, 1000);
	assert_true(v.cap >= 1000);
	vec_for_each(p, &v) {
		sum += *p;
		n++;
	}
	assert_int_equal(n, 1000);
	assert_int_equal(sum, 1000 * 999 / 2);
	vec_free(&v);
	assert_null(v.v);
	assert_int_equal(v.n + v.cap, 0);
}

static void empty_and_const(void **state)
{
	struct pair {
		int a, b;
	};
	VEC(struct pair) v = {0};
	const typeof(v) *c = &v;
	int n = 0;

	vec_for_each(p, c)
		n++;
	assert_int_equal(n, 0);
	assert_int_equal(vec_push(&v, (struct pair){1, 2}), 0);
	assert_int_equal(vec_push(&v, (struct pair){.b = 4}), 0);
	vec_for_each(p, c)
		n += p->a * 10 + p->b;
	assert_int_equal(n, 16);
	vec_free(&v);
}

static void reserve_keeps_content(void **state)
{
	VEC(char) v = {0};

	assert_int_equal(vec_push(&v, 'x'), 0);
	assert_int_equal(vec_reserve(&v, 5000), 0);
	assert_true(v.cap >= 5000);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.v[0], 'x');
	assert_int_equal(vec_reserve(&v, 10), 0);
	assert_true(v.cap >= 5000);
	vec_free(&v);
}

/* A size that does not fit is refused and leaves the vector alone. */
static void overflow(void **state)
{
	VEC(uint64_t) v = {0};

	assert_int_equal(vec_push(&v, 7), 0);
	assert_int_equal(vec_reserve(&v, SIZE_MAX / 4), -ENOMEM);
	assert_int_equal(vec_reserve(&v, SIZE_MAX), -ENOMEM);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.v[0], 7);
	vec_free(&v);
}

static struct hmap_key key(uint64_t a, uint64_t b, uint64_t c)
{
	return (struct hmap_key){{a, b, c}};
}

static void hmap_basic(void **state)
{
	struct hmap m = {0};
	uint32_t i = 99;

	assert_false(hmap_get(&m, key(1, 2, 3), &i));
	hmap_clear(&m);
	assert_int_equal(hmap_put(&m, key(1, 2, 3), 5), 0);
	assert_false(hmap_get(&m, key(1, 2, 4), &i));
	assert_false(hmap_get(&m, key(3, 2, 1), &i));
	assert_int_equal(i, 99);
	assert_true(hmap_get(&m, key(1, 2, 3), &i));
	assert_int_equal(i, 5);
	assert_int_equal(hmap_put(&m, key(1, 2, 3), 6), 0);
	assert_int_equal(m.n, 1);
	assert_true(hmap_get(&m, key(1, 2, 3), &i));
	assert_int_equal(i, 6);
	/* all zero is a key as any other */
	assert_false(hmap_get(&m, key(0, 0, 0), &i));
	assert_int_equal(hmap_put(&m, key(0, 0, 0), 0), 0);
	assert_true(hmap_get(&m, key(0, 0, 0), &i));
	hmap_clear(&m);
	assert_int_equal(m.n, 0);
	assert_false(hmap_get(&m, key(1, 2, 3), &i));
	hmap_free(&m);
	assert_null(m.slots);
}

static void hmap_many(void **state)
{
	struct hmap m = {0};
	uint32_t i;

	for (uint32_t pid = 0; pid < 50000; pid++)
		assert_int_equal(hmap_put(&m, key(pid, pid / 7, pid % 3), pid), 0);
	assert_int_equal(m.n, 50000);
	for (uint32_t pid = 0; pid < 50000; pid++) {
		assert_true(hmap_get(&m, key(pid, pid / 7, pid % 3), &i));
		assert_int_equal(i, pid);
		assert_false(hmap_get(&m, key(pid, pid / 7 + 1, pid % 3), &i));
	}
	/* Every word counts: neighbours in the table differ in one of them only. */
	for (int word = 0; word < 3; word++) {
		hmap_clear(&m);
		for (uint32_t n = 0; n < 50000; n++) {
			struct hmap_key k = key(1, 1, 1);

			k.w[word] = n;
			assert_false(hmap_get(&m, k, &i));
			assert_int_equal(hmap_put(&m, k, n), 0);
		}
		assert_int_equal(m.n, 50000);
	}
	hmap_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(push_and_iterate),
		cmocka_unit_test(empty_and_const),
		cmocka_unit_test(reserve_keeps_content),
		cmocka_unit_test(overflow),
		cmocka_unit_test(hmap_basic),
		cmocka_unit_test(hmap_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
