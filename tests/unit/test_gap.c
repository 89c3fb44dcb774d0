/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "collect/sample_sums.h"
#include "memtrace_gap.h"

#define KIB 1024ull
#define INTERVAL (64 * KIB)
#define US 1000ull
#define S 1000000000ull

/* One CPU that is allocated from, as the programs do it. */
struct cpu {
	struct mt_gap gap;
	uint64_t now_ns;
	bool churns; /* what it allocates is freed before the next */
	uint64_t samples;
	double bytes, variance; /* estimated */
	unsigned short seed[3];
};

static void allocate(struct cpu *c, uint64_t size)
{
	struct sample_weight w;

	c->gap.left -= size;
	if (c->gap.left > 0)
		return;
	if (c->gap.interval) {
		w = sample_weigh(size, c->gap.interval);
		c->bytes += w.bytes;
		c->variance += w.variance;
		c->samples++;
	}
	c->gap.interval = mt_gap_next(&c->gap, INTERVAL, c->now_ns);
	c->gap.left = (int64_t)(-log(1 - erand48(c->seed)) * (double)c->gap.interval);
	if (c->churns)
		mt_gap_freed(&c->gap);
}

/* n objects, one each `every_ns`. */
static void run(struct cpu *c, uint64_t n, uint64_t size, uint64_t every_ns)
{
	c->samples = 0;
	c->bytes = c->variance = 0;
	for (uint64_t i = 0; i < n; i++) {
		c->now_ns += every_ns;
		allocate(c, size);
	}
}

static void what_grows_fast_is_paced(void **state)
{
	struct cpu c = {.now_ns = 100 * S};

	/* 4 KiB each 3 us are 20,000 samples of 64 KiB a second. */
	run(&c, 10 * S / (3 * US), 4 * KIB, 3 * US);
	assert_in_range(c.samples, 2000 + 10 * 700, 2000 + 10 * 2000);
	run(&c, 10 * S / (3 * US), 4 * KIB, 3 * US);
	assert_in_range(c.samples, 10 * 700, 10 * 1500);
	assert_true(c.gap.interval > INTERVAL);
}

static void what_churns_is_paced_more(void **state)
{
	struct cpu c = {.now_ns = 100 * S, .churns = true};

	/* 4 KiB each 20 us are 3,000 samples of 64 KiB a second. */
	run(&c, 10 * S / (20 * US), 4 * KIB, 20 * US);
	assert_in_range(c.samples, 500 + 10 * 150, 500 + 10 * 270);
	run(&c, 10 * S / (20 * US), 4 * KIB, 20 * US);
	assert_in_range(c.samples, 10 * 150, 10 * 270);
}

static void what_is_slow_is_not(void **state)
{
	struct cpu c = {.now_ns = 100 * S};

	run(&c, 100000, 1 * KIB, 100 * US); /* 160 samples a second */
	assert_in_range(c.samples, 1400, 1720);
	assert_int_equal(c.gap.interval, INTERVAL);
}

static void a_leak_in_one_go_is_told_as_well(void **state)
{
	struct cpu c = {.now_ns = 100 * S};

	/* 100 MiB in a tenth of a second: 1,600 samples. */
	run(&c, 100 * KIB, 1 * KIB, 1 * US);
	assert_in_range(c.samples, 1450, 1750);
	assert_int_equal(c.gap.interval, INTERVAL);
}

static void it_comes_back_after_the_storm(void **state)
{
	struct cpu c = {.now_ns = 100 * S};

	run(&c, 20 * S / (1 * US), 4 * KIB, 1 * US);
	assert_int_equal(c.gap.interval, INTERVAL * MT_PACE_WIDEST);
	/* At the first sample two seconds later, which comes with the first MiB or so. */
	run(&c, 1, 1 * KIB, 3 * S);
	run(&c, 6000, 1 * KIB, 1000 * US);
	assert_int_equal(c.gap.interval, INTERVAL);
	assert_in_range(c.samples, 15, 110);
}

/* The mean of many runs, over the truth, is 1 within four of its standard errors; and the errors
 * that are told are those that are made. */
static void sums_have_no_bias(void **state)
{
	const uint64_t n = 200000, size = 3000;
	const double truth = (double)(n * size);
	double sum = 0, squares = 0, told = 0;
	int runs = 400;

	for (int i = 0; i < runs; i++) {
		/* Nothing saved up: the interval changes all the time. */
		struct cpu c = {
			.now_ns = 100 * S, .churns = i % 2, .seed = {(unsigned short)i, 7, 42}};

		c.gap.saved_ns = -5 * MT_PACE_NS;
		c.gap.sampled_ns = c.now_ns;
		run(&c, n, size, 10 * US);
		sum += c.bytes / truth;
		squares += pow(c.bytes / truth - 1, 2);
		told += c.variance / truth / truth;
	}
	assert_float_equal(sum / runs, 1, 4 * sqrt(squares) / runs);
	assert_float_equal(told / squares, 1, 0.3);
}

static void every_object_is_every_object(void **state)
{
	struct mt_gap gap = {0};

	for (uint64_t now = S; now < S + 100000; now++) {
		gap.interval = mt_gap_next(&gap, 0, now);
		assert_int_equal(gap.interval, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_grows_fast_is_paced),
		cmocka_unit_test(what_churns_is_paced_more),
		cmocka_unit_test(what_is_slow_is_not),
		cmocka_unit_test(a_leak_in_one_go_is_told_as_well),
		cmocka_unit_test(it_comes_back_after_the_storm),
		cmocka_unit_test(sums_have_no_bias),
		cmocka_unit_test(every_object_is_every_object),
	};

	return cmocka_run_group_tests_name("gap", tests, NULL, NULL);
}
