/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/heap_part.h"

#define SLOTS 64

static struct heap_nursery nursery;

static int make(void **state)
{
	int fd = memfd_create("nursery", MFD_CLOEXEC), err;

	if (fd < 0 || ftruncate(fd, SLOTS * sizeof(struct mt_heap_slot)))
		return -1;
	err = heap_nursery__open(&nursery, fd, SLOTS);
	close(fd);
	return err;
}

static int drop(void **state)
{
	heap_nursery__close(&nursery);
	return 0;
}

static struct mt_heap_slot *put(struct mt_heap_at at, uint64_t state, uint64_t time_ns)
{
	struct mt_heap_slot *s = &nursery.slots[mt_heap_slot_index(at.addr, at.space, SLOTS)];

	*s = (struct mt_heap_slot){mt_heap_slot_word(at.addr, at.space) | state,
				   at.space,
				   {.path = 7, .size = 100, .time_ns = time_ns}};
	return s;
}

static void sizes(void **state)
{
	assert_int_equal(heap_nursery_slots(1000000), MT_HEAP_SLOTS_MAX);
	assert_int_equal(heap_nursery_slots(200), 64);
	assert_int_equal(heap_nursery_slots(2), 1);
	assert_int_equal(heap_nursery_slots(1), 0);
}

static void words(void **state)
{
	assert_true(mt_heap_slot_fits(0x7fffffffe010));
	assert_true(mt_heap_slot_fits(0x7fffffffe018));
	assert_false(mt_heap_slot_fits(0x7fffffffe011));
	assert_false(mt_heap_slot_fits(0xff7fffffffe010));
	assert_int_equal(mt_heap_slot_word(0x7fffffffe018, 5) & MT_HEAP_SLOT_ADDR, 0x7fffffffe018);
	assert_int_not_equal(mt_heap_slot_word(0x1000, 1 << 22),
			     mt_heap_slot_word(0x1000, 2 << 22));
}

static void what_is_read(void **state)
{
	const struct mt_heap_at there = {0x1010, 1}, freed = {0x1020, 1}, none = {0x1030, 1};
	const struct mt_heap_at other_space = {0x1010, 1 + (1ull << 40)};

	put(there, 0, 1);
	put(freed, MT_HEAP_FREED, 2);
	nursery.slots[mt_heap_slot_index(none.addr, none.space, SLOTS)].word = MT_HEAP_FILLING;
	heap_nursery__read(&nursery);
	assert_non_null(heap_nursery__find(&nursery, &there));
	assert_int_equal(heap_nursery__find(&nursery, &there)->time_ns, 1);
	assert_null(heap_nursery__find(&nursery, &freed));
	assert_null(heap_nursery__find(&nursery, &none));
	assert_null(heap_nursery__find(&nursery, &other_space));
}

static void what_is_taken(void **state)
{
	const struct mt_heap_at at = {0x2010, 9}, moving = {0x2020, 9}, gone = {0x2030, 9};
	struct mt_heap_slot *s = put(at, 0, 1), *m = put(moving, MT_HEAP_MOVING, 1);

	assert_true(heap_nursery__take(&nursery, &at));
	assert_int_equal(s->word, 0);
	assert_false(heap_nursery__take(&nursery, &at));
	assert_true(heap_nursery__take(&nursery, &moving));
	assert_int_equal(m->word & MT_HEAP_SLOT_STATE, MT_HEAP_FREED);
	assert_false(heap_nursery__take(&nursery, &moving));
	assert_false(heap_nursery__take(&nursery, &gone));
}

static const struct mt_heap_at busy = {0x3010, 3};
static bool stop;

/* Whole before it is seen, as the kernel side does it: path and size belong together. */
static void *change(void *arg)
{
	struct mt_heap_slot *s = put(busy, 0, 0);
	uint64_t word = s->word;

	for (uint64_t i = 1; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
		__atomic_store_n(&s->word, i & 1 ? MT_HEAP_FILLING : 0, __ATOMIC_RELEASE);
		s->block = (struct mt_heap_block){i, i, i};
		__atomic_store_n(&s->word, word, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void what_changes_is_whole(void **state)
{
	pthread_t t;
	int seen = 0;

	put(busy, 0, 0);
	assert_int_equal(pthread_create(&t, NULL, change, NULL), 0);
	for (int i = 0; i < 20000; i++) {
		const struct mt_heap_block *b;

		heap_nursery__read(&nursery);
		b = heap_nursery__find(&nursery, &busy);
		if (!b || !b->time_ns)
			continue;
		seen++;
		assert_int_equal(b->path, b->time_ns);
		assert_int_equal(b->size, b->time_ns);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	assert_true(seen > 0);
}

static void none_at_all(void **state)
{
	const struct mt_heap_at at = {0x1010, 1};
	struct heap_nursery none = {0};

	assert_int_equal(heap_nursery__open(&none, -1, 0), 0);
	heap_nursery__read(&none);
	assert_null(heap_nursery__find(&none, &at));
	assert_false(heap_nursery__take(&none, &at));
	heap_nursery__close(&none);
	assert_int_equal(heap_nursery__open(&none, -1, SLOTS), -EBADF);
	heap_nursery__close(&none);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes), cmocka_unit_test(words),     TEST(what_is_read),
		TEST(what_is_taken),	 TEST(what_changes_is_whole), cmocka_unit_test(none_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
