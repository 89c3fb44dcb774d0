/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floors of the verdict's score on series it was not fitted on: seeds that
 * fit.c never used, and the two generator styles beside the main one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../corpus/baseline.c"
#include "../corpus/gen.c"
#include "../corpus/gen_shapes.c"
#include "../corpus/sim.c"
#include "../corpus/tally.c"

#include "analyze/verdict/many.h"

#define SEED 90210
#define PER_CLASS 32 /* 800 decidable series a duration: F1 is known to about 0.008 */

static struct tally tally;
static struct tally all; /* probabilities of the main and the shifted style, up to a day */
static struct gen_series g;

static void feed(const struct gen_key *key, struct series *s)
{
	memset(s, 0, sizeof(*s));
	gen_make(key, &g);
	for (unsigned int i = 0; i < g.n; i++)
		series__add(s, g.t[i], g.v[i]);
}

static void score(enum gen_style style, unsigned int duration, unsigned int per_class)
{
	static const struct verdict_context plain;

	memset(&tally, 0, sizeof(tally));
	for (int c = 0; c < _GEN_CLASS_MAX; c++)
		for (unsigned int k = 0; k < per_class; k++) {
			struct gen_key key = {style, SEED, duration, (enum gen_class)c, k};
			struct series s;
			struct verdict v;

			feed(&key, &s);
			verdict__judge(&s, &plain, &v);
			tally__add(&tally, key.class, &g, &v);
		}
	tally__print(&tally, gen_durations[duration].name, false);
	for (int b = 0; b < 10 && style != GEN_SIMULATED && duration < 4; b++) {
		all.bin[b] += tally.bin[b];
		all.bin_leaks[b] += tally.bin_leaks[b];
		all.bin_sum[b] += tally.bin_sum[b];
	}
}

static double f1(enum method m)
{
	return counts__f1(&tally.method[m]);
}

static double precision(enum method m)
{
	return counts__precision(&tally.method[m]);
}

static double covered(void)
{
	return (double)tally.covered / tally.rated;
}

struct floors {
	double f1, precision, covered;
};

static void check(enum gen_style style, const struct floors *floors, unsigned int per_class)
{
	for (unsigned int d = 0; d < GEN_DURATIONS; d++) {
		score(style, d, per_class);
		assert_true(f1(METHOD_VERDICT) >= floors[d].f1);
		assert_true(precision(METHOD_VERDICT) >= floors[d].precision);
		assert_true(covered() >= floors[d].covered);
		assert_true(f1(METHOD_VERDICT) > f1(METHOD_NAIVE) + 0.1);
		assert_true(f1(METHOD_VERDICT) > f1(METHOD_KENDALL) + 0.1);
		assert_true(f1(METHOD_VERDICT) > f1(METHOD_REGRESSION));
	}
}

static void main_style_holds_its_floors(void **state)
{
	static const struct floors floors[GEN_DURATIONS] = {
		{0.92, 0.97, 0.93}, {0.95, 0.97, 0.93}, {0.97, 0.98, 0.93},
		{0.95, 0.98, 0.93}, {0.97, 0.98, 0.93},
	};

	check(GEN_MAIN, floors, PER_CLASS);
}

static void shifted_style_holds_its_floors(void **state)
{
	static const struct floors floors[GEN_DURATIONS] = {
		{0.88, 0.96, 0.90}, {0.92, 0.97, 0.90}, {0.95, 0.97, 0.90},
		{0.93, 0.97, 0.90}, {0.96, 0.97, 0.90},
	};

	check(GEN_SHIFTED, floors, PER_CLASS);
}

static void simulated_servers_hold_their_floors(void **state)
{
	static const struct floors floors[GEN_DURATIONS] = {
		{0.97, 0.97, 0.93}, {0.96, 0.97, 0.93}, {0.97, 0.97, 0.93},
		{0.96, 0.97, 0.93}, {0.97, 0.97, 0.93},
	};

	check(GEN_SIMULATED, floors, PER_CLASS / 2);
}

/* Over what the tests above have scored. */
static void confidence_is_calibrated(void **state)
{
	for (int b = 0; b < 10; b++) {
		double n = all.bin[b], said, was;

		if (n < 60)
			continue;
		said = all.bin_sum[b] / n;
		was = all.bin_leaks[b] / n;
		printf("said %.2f, was %.2f of %.0f\n", said, was, n);
		/* ten points, and two standard errors of a share */
		assert_true(num_abs(said - was) <= 0.10 + 2 * num_sqrt(was * (1 - was) / n));
	}
}

/*
 * A machine where one process in a hundred leaks: precision and recall follow
 * from the alarm rate of each kind of innocent and its share.
 */
static void rare_leaks_are_found_precisely(void **state)
{
	const struct verdict_context ctx = {.prior = MANY_PRIOR};
	double rate[_GEN_CLASS_MAX] = {0}, awkward = 0, recall = 0, false_alarms, p;

	for (int c = 0; c < GEN_DECIDABLE; c++) {
		for (unsigned int k = 0; k < 60; k++) {
			struct gen_key key = {GEN_MAIN, SEED + 1, 2, (enum gen_class)c, k};
			struct series s;
			struct verdict v;

			feed(&key, &s);
			verdict__judge(&s, &ctx, &v);
			rate[c] += (v.kind == VERDICT_LEAK) / 60.0;
		}
		if (c < GEN_LEAKS)
			recall += rate[c] / GEN_LEAKS;
		else if (c != GEN_FLAT && c != GEN_NOISY)
			awkward += rate[c] / (GEN_DECIDABLE - GEN_LEAKS - 2);
	}
	false_alarms = 0.70 * rate[GEN_FLAT] + 0.14 * rate[GEN_NOISY] + 0.16 * awkward;
	p = 0.01 * recall / (0.01 * recall + 0.99 * false_alarms);
	printf("1 in 100 leaks, 2 h: precision %.3f, recall %.3f\n", p, recall);
	assert_true(p >= 0.90);
	assert_true(recall >= 0.75);
}

/* A leak at the rate the verdict said it would have seen is seen. */
static void detectable_rate_is_true(void **state)
{
	static const enum gen_class quiet[] = {GEN_FLAT, GEN_NOISY, GEN_GC, GEN_WALK, GEN_CYCLE};
	static const struct verdict_context plain;
	unsigned int n = 0, seen = 0;

	for (unsigned int i = 0; i < 5 * 80; i++) {
		struct gen_key key = {GEN_MAIN, SEED + 2, i % 4, quiet[i % 5], i};
		struct series s, with = {0};
		struct verdict v, again;

		feed(&key, &s);
		verdict__judge(&s, &plain, &v);
		if (!v.has_detectable || v.kind == VERDICT_LEAK)
			continue;
		for (unsigned int k = 0; k < g.n; k++)
			series__add(&with, g.t[k], g.v[k] + v.detectable_kb_h * g.t[k] / 3600);
		verdict__judge(&with, &plain, &again);
		n++;
		seen += again.kind == VERDICT_LEAK;
	}
	printf("leaks at the detectable rate: %u of %u found\n", seen, n);
	assert_true(n > 300);
	assert_true(seen >= 0.85 * n);
}

static void idle_machines_have_no_leaks(void **state)
{
	const struct verdict_context ctx = {.prior = MANY_PRIOR};
	unsigned int alarms = 0;

	for (unsigned int i = 0; i < 600; i++) {
		struct gen_key key = {GEN_MAIN, SEED + 3, i % 5, GEN_FLAT, i};
		struct series s;
		struct verdict v;

		feed(&key, &s);
		verdict__judge(&s, &ctx, &v);
		alarms += v.kind == VERDICT_LEAK;
	}
	assert_int_equal(alarms, 0);
}

static uint64_t mixed(uint64_t h, const void *bytes, size_t n)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 1099511628211ull; /* FNV-1a */
	return h;
}

/*
 * The same to the last bit with gcc and clang, any -O, with and without fused
 * multiply-add. A change of the verdict or of the corpus changes the number.
 */
static void every_machine_says_the_same(void **state)
{
	static const struct verdict_context plain;
	uint64_t h = 14695981039346656037ull;

	for (unsigned int i = 0; i < 3 * 4 * _GEN_CLASS_MAX; i++) {
		struct gen_key key = {(enum gen_style)(i % 3), 6, i / 3 % 4,
				      (enum gen_class)(i / 12), 0};
		struct series s;
		struct verdict v;

		feed(&key, &s);
		verdict__judge(&s, &plain, &v);
		h = mixed(h, &v.kind, sizeof(v.kind));
		h = mixed(h, &v.leak_probability, sizeof(double));
		h = mixed(h, &v.rate_low_kb_h, sizeof(double));
		h = mixed(h, &v.detectable_kb_h, sizeof(double));
		h = mixed(h, v.reason, strlen(v.reason));
	}
	if (h != 0xe3e6bba054af3231ull)
		fail_msg("%#llx", (unsigned long long)h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(main_style_holds_its_floors),
		cmocka_unit_test(shifted_style_holds_its_floors),
		cmocka_unit_test(simulated_servers_hold_their_floors),
		cmocka_unit_test(confidence_is_calibrated),
		cmocka_unit_test(rare_leaks_are_found_precisely),
		cmocka_unit_test(detectable_rate_is_true),
		cmocka_unit_test(idle_machines_have_no_leaks),
		cmocka_unit_test(every_machine_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
