/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges against a model: an array with a tag for each page. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "collect/ranges.h"

#define PAGES 512
#define PAGE 4096ull

struct model {
	bool mapped[PAGES];
	struct range_tag tag[PAGES];
};

struct seen {
	struct model m;
	uint64_t last_end;
	uint32_t n;
};

static int see(void *arg, uint64_t start, uint64_t end, struct range_tag *tag)
{
	struct seen *s = arg;

	assert_true(start < end);
	assert_true(start >= s->last_end); /* in order, without overlap */
	s->last_end = end;
	s->n++;
	for (uint64_t a = start; a < end; a += PAGE) {
		s->m.mapped[a / PAGE] = true;
		s->m.tag[a / PAGE] = *tag;
	}
	return 0;
}

static void compare(struct ranges *r, const struct model *m)
{
	struct seen s = {};

	assert_int_equal(ranges__each(r, see, &s), 0);
	assert_int_equal(s.n, r->n);
	for (size_t i = 0; i < PAGES; i++) {
		assert_int_equal(s.m.mapped[i], m->mapped[i]);
		if (!m->mapped[i])
			continue;
		assert_int_equal(s.m.tag[i].path, m->tag[i].path);
		assert_int_equal(s.m.tag[i].origin, m->tag[i].origin);
	}
}

static uint64_t random_number(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

static void model_set(struct model *m, size_t from, size_t n, struct range_tag tag, bool fill)
{
	for (size_t i = from; i < from + n; i++) {
		if (fill && m->mapped[i])
			continue;
		m->mapped[i] = true;
		m->tag[i] = tag;
	}
}

static void model_clear(struct model *m, size_t from, size_t n, uint64_t before_ns)
{
	for (size_t i = from; i < from + n; i++)
		if (m->mapped[i] && m->tag[i].since_ns < before_ns)
			m->mapped[i] = false;
}

static void model_move(struct model *m, size_t from, size_t to, size_t n, uint64_t before_ns)
{
	struct model old = *m;

	for (size_t i = 0; i < n; i++)
		m->mapped[to + i] = false;
	for (size_t i = 0; i < n; i++) {
		if (!old.mapped[from + i] || old.tag[from + i].since_ns >= before_ns)
			continue;
		m->mapped[from + i] = false;
		m->mapped[to + i] = true;
		m->tag[to + i] = old.tag[from + i];
	}
}

static void step(struct ranges *r, struct model *m, uint64_t time, uint64_t *seed)
{
	size_t n = random_number(seed) % 64, from = random_number(seed) % (PAGES / 2 - 64);
	size_t to = PAGES / 2 + random_number(seed) % (PAGES / 2 - 64);
	uint64_t before = random_number(seed) % 4 ? UINT64_MAX : time / 2;
	struct range_tag tag = {
		.since_ns = time,
		.origin = random_number(seed) % RANGE_BRK, /* see below */
		.path = (uint32_t)(random_number(seed) % 5),
		.p = 1,
	};
	uint64_t a = from * PAGE, b = to * PAGE, len = n * PAGE;

	switch (random_number(seed) % 6) {
	case 0:
		assert_int_equal(ranges__set(r, a, a + len, &tag), 0);
		model_set(m, from, n, tag, false);
		break;
	case 1:
		assert_int_equal(ranges__set(r, b, b + len, &tag), 0);
		model_set(m, to, n, tag, false);
		break;
	case 2:
		assert_int_equal(ranges__fill(r, a, a + len, &tag), 0);
		model_set(m, from, n, tag, true);
		break;
	case 3:
		assert_int_equal(ranges__clear(r, a, a + len, before), 0);
		model_clear(m, from, n, before);
		break;
	case 4:
		assert_int_equal(ranges__move(r, a, b, len, before), 0);
		model_move(m, from, to, n, before);
		break;
	default:
		assert_int_equal(ranges__move(r, b, a, len, before), 0);
		model_move(m, to, from, n, before);
	}
}

static void random_changes(void **state)
{
	struct ranges r = {};
	struct model m = {};
	uint64_t seed = 1;

	for (uint64_t time = 1; time <= 20000; time++) {
		step(&r, &m, time, &seed);
		if (time % 7 == 0)
			compare(&r, &m);
	}
	/* What was freed is used again. */
	assert_true(r.nodes.n <= 2 * PAGES);
	ranges__free(&r);
}

/* The time of what is put together is that of its first step: not for the model above. */
static void heap_in_steps_is_one(void **state)
{
	struct range_tag tag = {.origin = RANGE_BRK, .path = 7, .p = 1};
	struct ranges r = {};

	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(ranges__set(&r, i * PAGE, (i + 1) * PAGE, &tag), 0);
	assert_int_equal(r.n, 1);
	tag.path = 8;
	assert_int_equal(ranges__set(&r, 1000 * PAGE, 1001 * PAGE, &tag), 0);
	assert_int_equal(r.n, 2);
	ranges__free(&r);
}

static void copies_are_independent(void **state)
{
	struct range_tag tag = {.origin = RANGE_MMAP, .path = 1, .p = 1};
	struct ranges r = {}, copy = {};
	struct model m = {};

	assert_int_equal(ranges__set(&r, 0, 64 * PAGE, &tag), 0);
	assert_int_equal(ranges__copy(&r, &copy), 0);
	assert_int_equal(ranges__clear(&r, 8 * PAGE, 16 * PAGE, UINT64_MAX), 0);
	model_set(&m, 0, 64, tag, false);
	compare(&copy, &m);
	model_clear(&m, 8, 8, UINT64_MAX);
	compare(&r, &m);
	ranges__free(&r);
	ranges__free(&copy);
}

static void odd_arguments(void **state)
{
	struct range_tag tag = {.origin = RANGE_MMAP, .p = 1};
	struct ranges r = {};

	assert_int_equal(ranges__set(&r, 5 * PAGE, 5 * PAGE, &tag), 0);
	assert_int_equal(ranges__set(&r, 5 * PAGE, 4 * PAGE, &tag), 0);
	assert_int_equal(ranges__clear(&r, 0, UINT64_MAX, UINT64_MAX), 0);
	assert_int_equal(ranges__move(&r, UINT64_MAX - 5, 0, 10, UINT64_MAX), 0);
	assert_int_equal(ranges__fill(&r, 0, 0, &tag), 0);
	assert_int_equal(r.n, 0);
	ranges__free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_changes),
		cmocka_unit_test(heap_in_steps_is_one),
		cmocka_unit_test(copies_are_independent),
		cmocka_unit_test(odd_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
