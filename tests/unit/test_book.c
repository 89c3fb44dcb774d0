/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "analyze/verdict/book.h"

static const struct book_past new_series;

static uint32_t open_one(struct book *b, unsigned int flags)
{
	uint32_t h = BOOK_NONE;

	assert_int_equal(book__open(b, flags, &new_series, &h), 0);
	return h;
}

/* The same as adding the samples by hand, and as --judge would have it. */
static void test_a_series_is_what_was_set(void **state)
{
	struct series alone = {0};
	struct book *b;
	uint32_t h;

	assert_int_equal(book__new(10, 4, &b), 0);
	h = open_one(b, 0);
	for (int i = 0; i < 500; i++) {
		double kb = 1000 + i / 7 * 40;

		if (i % 7 == 0)
			book__set(b, h, kb);
		book__tick(b, i * 5.0);
		series__add(&alone, i * 5.0, kb);
	}
	alone.n_judged = book__entry(b, h)->series.n_judged;
	alone.alarm = book__entry(b, h)->series.alarm;
	assert_memory_equal(&alone, &book__entry(b, h)->series, sizeof(alone));
	book__free(b);
}

static void test_the_past_is_filled_in(void **state)
{
	struct book_past past = {.first_s = 0, .last_s = 495, .n = 100, .kb = 4096};
	struct series alone = {0};
	struct book *b;
	uint32_t h;

	assert_int_equal(book__new(10, 4, &b), 0);
	assert_int_equal(book__open(b, 0, &past, &h), 0);
	for (int i = 0; i < 100; i++)
		series__add(&alone, i * 5.0, 4096);
	assert_memory_equal(&alone, &book__entry(b, h)->series, sizeof(alone));
	past.n = 1000000;
	assert_int_equal(book__open(b, 0, &past, &h), 0);
	assert_int_equal(book__entry(b, h)->series.n, SERIES_FLAT_MAX);
	assert_true(series__span_s(&book__entry(b, h)->series) == 495);
	book__free(b);
}

static void test_room_is_bounded_and_used_again(void **state)
{
	uint32_t h[3], other = 7;
	struct book_stats stats;
	struct book *b;

	assert_int_equal(book__new(3, 4, &b), 0);
	for (int i = 0; i < 3; i++)
		h[i] = open_one(b, BOOK_COUNT);
	assert_int_equal(book__open(b, 0, &new_series, &other), -ENOSPC);
	assert_int_equal(other, 7);
	book__set(b, h[1], 5);
	book__tick(b, 1);
	book__close(b, h[1]);
	book__close(b, h[1]); /* twice is once */
	book__tick(b, 2);
	assert_int_equal(open_one(b, BOOK_ASKED), h[1]);
	assert_int_equal(book__entry(b, h[1])->series.n, 0);
	assert_int_equal(book__entry(b, h[1])->flags, BOOK_ASKED);
	book__stats(b, &stats);
	assert_int_equal(stats.n, 3);
	assert_int_equal(stats.refused, 1);
	assert_int_equal(stats.ticks, 2);
	book__free(b);
}

static void test_paused_and_sparse_get_no_samples(void **state)
{
	struct book *b;
	uint32_t h, sparse;

	assert_int_equal(book__new(3, 4, &b), 0);
	h = open_one(b, 0);
	sparse = open_one(b, BOOK_SPARSE);
	book__tick(b, 0); /* no value yet */
	book__set(b, h, 100);
	book__set(b, sparse, 100);
	book__tick(b, 1);
	book__pause(b, h);
	book__tick(b, 2);
	book__set(b, h, 200);
	book__tick(b, 3);
	book__add(b, sparse, 3, 100);
	assert_int_equal(book__entry(b, h)->series.n, 2);
	assert_int_equal(book__entry(b, sparse)->series.n, 1);
	book__free(b);
}

/* However many are due, a tick gives so many verdicts at most, fewer when they are dear, and all
 * get theirs. */
static void test_looks_are_spread(void **state)
{
	enum { N = 200, LOOKS = 9 };
	uint64_t most = 0, most_full = 0;
	struct book_stats before, after;
	uint32_t h[N], n_alarms = 0;
	struct book *b;

	assert_int_equal(book__new(N, LOOKS, &b), 0);
	for (int i = 0; i < N; i++)
		h[i] = open_one(b, 0);
	for (int t = 0; t < 1000; t++) {
		unsigned int n_buckets;
		uint64_t looks;

		book__stats(b, &before);
		for (int i = 0; i < N; i++)
			book__set(b, h[i], 5000 + (t + i % 3) * 50);
		book__tick(b, t * 5.0);
		book__stats(b, &after);
		looks = after.looks - before.looks;
		n_buckets = book__entry(b, h[0])->series.n_buckets; /* of them all */
		assert_true(looks * n_buckets <= LOOKS * SERIES_BUCKETS);
		most = looks > most ? looks : most;
		if (n_buckets == SERIES_BUCKETS)
			most_full = looks > most_full ? looks : most_full;
	}
	assert_int_equal(most, 2 * LOOKS);
	assert_int_equal(most_full, LOOKS);
	for (int i = 0; i < N; i++)
		n_alarms += book__entry(b, h[i])->series.alarm.on;
	assert_int_equal(n_alarms, N);
	book__free(b);
}

static void test_context_of_flags(void **state)
{
	struct book_entry e = {.flags = BOOK_ASKED | BOOK_COUNT};
	struct verdict_context ctx = book__context(&e);

	assert_true(ctx.is_count && !ctx.is_reclaimable && ctx.prior == 0);
	e.flags = BOOK_RECLAIMABLE;
	ctx = book__context(&e);
	assert_true(!ctx.is_count && ctx.is_reclaimable && ctx.prior == MANY_PRIOR);
}

static void test_memory_a_series(void **state)
{
	struct book_stats stats;
	struct book *b;

	assert_int_equal(book__new(10000, 4, &b), 0);
	for (int i = 0; i < 10000; i++)
		open_one(b, 0);
	book__stats(b, &stats);
	assert_true(stats.bytes / 10000 <= 1228);
	book__free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_series_is_what_was_set),
		cmocka_unit_test(test_the_past_is_filled_in),
		cmocka_unit_test(test_room_is_bounded_and_used_again),
		cmocka_unit_test(test_paused_and_sparse_get_no_samples),
		cmocka_unit_test(test_looks_are_spread),
		cmocka_unit_test(test_context_of_flags),
		cmocka_unit_test(test_memory_a_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
