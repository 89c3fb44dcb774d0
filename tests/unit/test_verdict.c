/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/verdict/many.h"
#include "analyze/verdict/witness.h"

static const struct verdict_context plain;

/* Small fixed noise, no libm: the same everywhere. */
static double noise(unsigned int i)
{
	return (double)((i * 2654435761u >> 20) % 9) - 4;
}

/* n samples `step` seconds apart of base + f(i). */
static void feed(struct series *s, unsigned int n, double step, double (*f)(unsigned int i))
{
	memset(s, 0, sizeof(*s));
	for (unsigned int i = 0; i < n; i++)
		assert_true(series__add(s, i * step, 50000 + f(i)));
}

static struct verdict judged(unsigned int n, double step, double (*f)(unsigned int i))
{
	struct series s;
	struct verdict v;

	feed(&s, n, step, f);
	verdict__judge(&s, &plain, &v);
	return v;
}

static double steady(unsigned int i)
{
	return 20 * i + noise(i);
}

static double still(unsigned int i)
{
	return noise(i);
}

static double saturating(unsigned int i)
{
	return 30000 * (1 - num_exp(-(double)i / 12)) + noise(i);
}

static double filling(unsigned int i)
{
	return (i < 45 ? 400.0 * i : 400.0 * 45) + noise(i);
}

static double teeth(unsigned int i)
{
	return 500.0 * (i % 11) + noise(i);
}

static double rising_teeth(unsigned int i)
{
	return 500.0 * (i % 11) + 60.0 * i + noise(i);
}

static double one_step(unsigned int i)
{
	return i < 50 ? 0 : 20000 + noise(i);
}

static double falling(unsigned int i)
{
	return -150.0 * i + noise(i);
}

static double spikes(unsigned int i)
{
	return (i % 16 == 7 || i % 16 == 8 ? 40000 : 0) + noise(i);
}

static double late(unsigned int i)
{
	return (i < 60 ? 0 : 90.0 * (i - 60)) + noise(i);
}

static double nothing(unsigned int i)
{
	(void)i;
	return 0;
}

static void shapes_get_their_names(void **state)
{
	static const struct {
		double (*f)(unsigned int i);
		unsigned int n;
		enum verdict_kind kind;
	} cases[] = {
		{steady, 60, VERDICT_LEAK},	    {still, 60, VERDICT_STABLE},
		{saturating, 120, VERDICT_PLATEAU}, {filling, 120, VERDICT_PLATEAU},
		{teeth, 120, VERDICT_SAWTOOTH},	    {rising_teeth, 120, VERDICT_LEAK},
		{one_step, 120, VERDICT_STEP},	    {falling, 60, VERDICT_SHRINKING},
		{spikes, 120, VERDICT_SPIKES},	    {late, 120, VERDICT_LEAK},
		{nothing, 500, VERDICT_STABLE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct verdict v = judged(cases[i].n, 30, cases[i].f);

		if (v.kind != cases[i].kind)
			fail_msg("case %zu: %s instead of %s: %s", i, verdict_kind_names[v.kind],
				 verdict_kind_names[cases[i].kind], v.reason);
		assert_true(v.reason[0]);
		assert_in_range(v.confidence_permille, 0, 1000);
	}
}

static void rising_teeth_say_sawtooth(void **state)
{
	struct verdict v = judged(120, 30, rising_teeth);

	assert_int_equal(v.shape, SHAPE_SAWTOOTH);
	assert_non_null(strstr(v.reason, "teeth"));
	assert_true(v.rate_low_kb_h <= 7200 && 7200 <= v.rate_high_kb_h);
}

static void rate_holds_the_truth(void **state)
{
	struct verdict v = judged(60, 30, steady); /* 20 KiB each 30 s: 2400 an hour */

	assert_true(v.has_rate);
	assert_true(v.rate_low_kb_h <= 2400 && 2400 <= v.rate_high_kb_h);
	assert_true(v.rate_high_kb_h - v.rate_low_kb_h < 400);
}

static void too_little_is_said_to_be(void **state)
{
	for (unsigned int n = 0; n < 8; n++) {
		struct verdict v = judged(n, 30, steady);

		assert_int_equal(v.kind, VERDICT_INSUFFICIENT);
		assert_false(v.has_rate);
		assert_non_null(strstr(v.reason, "too short"));
	}
}

static void many_samples_of_one_moment_are_too_short(void **state)
{
	struct series s = {0};
	struct verdict v;

	for (int i = 0; i < 1000; i++)
		series__add(&s, 5, 1000 + i);
	verdict__judge(&s, &plain, &v);
	assert_int_equal(v.kind, VERDICT_INSUFFICIENT);
}

static void short_looks_are_not_sure(void **state)
{
	assert_true(judged(60, 5, steady).confidence_permille <= 700);
	assert_true(judged(60, 60, steady).confidence_permille > 900);
	assert_non_null(strstr(judged(60, 5, steady).reason, "not excluded"));
}

/* Starts of programs, no two alike: steps up, of any height, at any time. */
static void short_looks_alarm_by_what_is_no_rate_of_zero(void **state)
{
	unsigned int alarms = 0;

	srand48(7);
	for (int i = 0; i < 3000; i++) {
		double kb = 50000, chance = drand48(), height = 3000 * drand48();
		struct series s = {0};
		struct verdict v;

		for (unsigned int t = 0; t < 20; t++) {
			if (drand48() < chance)
				kb += height * drand48();
			assert_true(series__add(&s, t * 0.5, kb));
		}
		verdict__judge(&s, &plain, &v);
		if (v.kind != VERDICT_LEAK)
			continue;
		alarms++;
		assert_true(v.rate_low_kb_h > 0);
	}
	assert_in_range(alarms, 100, 2900);
}

static void exhaustion_needs_headroom(void **state)
{
	struct verdict_context ctx = {.has_headroom = true, .headroom_kb = 24000};
	struct series s;
	struct verdict v;

	feed(&s, 60, 30, steady);
	verdict__judge(&s, &ctx, &v);
	assert_true(v.has_exhaustion);
	assert_true(fabs(v.exhaustion_s - 36000) < 3000); /* 24000 / 2400 an hour */
	assert_true(v.exhaustion_low_s <= v.exhaustion_s && v.exhaustion_s <= v.exhaustion_high_s);
	verdict__judge(&s, &plain, &v);
	assert_false(v.has_exhaustion);
}

static void reclaimable_growth_is_no_leak(void **state)
{
	struct verdict_context ctx = {.is_reclaimable = true};
	struct series s;
	struct verdict v;

	feed(&s, 60, 30, steady);
	verdict__judge(&s, &ctx, &v);
	assert_int_equal(v.kind, VERDICT_GROWING);
	assert_non_null(strstr(v.reason, "cache"));
}

static void prior_and_witness_move_the_posterior(void **state)
{
	struct verdict_context rare = {.prior = MANY_PRIOR};
	struct verdict_context held = {.prior = MANY_PRIOR, .ages = WITNESS_LEAKY};
	struct verdict_context freed = {.ages = WITNESS_TURNS_OVER};
	struct verdict base, a, b, c;
	struct series s;

	feed(&s, 60, 30, steady);
	verdict__judge(&s, &plain, &base);
	verdict__judge(&s, &rare, &a);
	verdict__judge(&s, &held, &b);
	verdict__judge(&s, &freed, &c);
	assert_true(a.leak_probability < base.leak_probability);
	assert_true(a.leak_probability < b.leak_probability);
	assert_true(c.leak_probability < base.leak_probability);
}

static void slow_growth_needs_a_lower_gate(void **state)
{
	struct verdict_context ctx = {.min_rate_kb_h = 10};
	struct series s = {0};
	struct verdict v;

	for (unsigned int i = 0; i < 600; i++) /* 100 KiB an hour for 50 hours */
		series__add(&s, i * 300.0, 50000 + i * 100 / 12);
	verdict__judge(&s, &plain, &v);
	assert_int_not_equal(v.kind, VERDICT_LEAK);
	verdict__judge(&s, &ctx, &v);
	assert_int_equal(v.kind, VERDICT_LEAK);
}

static void series_bounds_and_order(void **state)
{
	struct series s = {0};

	for (unsigned int i = 0; i < 100000; i++) {
		assert_true(series__add(&s, i * 7.0, 1e6 + i));
		assert_true(s.n_buckets >= 1 && s.n_buckets <= SERIES_BUCKETS);
	}
	assert_true(s.n_buckets > SERIES_BUCKETS / 2);
	for (unsigned int i = 1; i < s.n_buckets; i++)
		assert_true(s.floor[i] > s.floor[i - 1] && s.mean[i] > s.mean[i - 1]);
	assert_false(series__add(&s, 5, 1));
	assert_int_equal(s.n_backward, 1);
	assert_false(series__add(&s, NAN, 1));
	assert_false(series__add(&s, 1e9, INFINITY));
	assert_int_equal(s.n_invalid, 2);
	assert_int_equal(s.n, 100000);
}

/* The second sample came late, the others in time: as many buckets as without the stall. */
static void a_stall_at_the_start_hides_nothing(void **state)
{
	struct series s = {0};
	struct verdict v;
	double sum = 0;
	uint64_t n = 0;

	assert_true(series__add(&s, 0, 50000));
	for (unsigned int i = 0; i < 46; i++)
		assert_true(series__add(&s, 44 + 0.5 * i, 50000 + 400 * (1 + i) + noise(i)));
	for (unsigned int i = 0; i < s.n_buckets; i++) {
		n += s.count[i];
		sum += (double)s.mean[i] * s.count[i];
	}
	assert_int_equal(n, 47);
	assert_true(fabs(sum - (double)400 * 46 * 47 / 2) < 400);
	assert_true(s.n_buckets > SERIES_BUCKETS / 2);
	verdict__judge(&s, &plain, &v);
	assert_int_not_equal(v.kind, VERDICT_INSUFFICIENT);
}

static void bucket_means_are_means(void **state)
{
	struct series s = {0};
	double sum = 0, all = 0;

	for (unsigned int i = 0; i < 1000; i++) {
		series__add(&s, i, (i * 37) % 101);
		all += (i * 37) % 101;
	}
	for (unsigned int i = 0; i < s.n_buckets; i++)
		sum += ((double)s.mean[i] + s.v0) * s.count[i];
	assert_true(fabs(sum - all) < 1);
}

static void gaps_are_counted_and_survived(void **state)
{
	struct series s = {0};
	struct verdict v;

	for (unsigned int i = 0; i < 120; i++)
		if (i < 40 || i > 70)
			series__add(&s, i * 30.0, 50000 + steady(i));
	verdict__judge(&s, &plain, &v);
	assert_true(v.n_gaps > 5);
	assert_int_equal(v.kind, VERDICT_LEAK);
	/* a silence a million times longer than the series so far */
	series__add(&s, 3.6e9, 50000);
	assert_true(s.n_buckets <= SERIES_BUCKETS);
	verdict__judge(&s, &plain, &v);
	assert_int_equal(v.kind, VERDICT_INSUFFICIENT);
}

static void huge_values_do_no_harm(void **state)
{
	struct series s = {0};
	struct verdict v;

	for (unsigned int i = 0; i < 100; i++)
		assert_true(series__add(&s, i * 5.0, 9.2e18 + i * 1e12));
	verdict__judge(&s, &plain, &v);
	assert_true(v.rate_kb_h > 0);
	assert_true(v.reason[0]);
}

static void followed_equals_read_at_once(void **state)
{
	struct series online = {0}, batch = {0};
	struct verdict a, b;

	for (unsigned int i = 0; i < 777; i++) {
		series__add(&online, i * 30.0, 50000 + rising_teeth(i));
		if (series__due(&online)) { /* looking must not touch what is looked at */
			online.n_judged = online.n;
			verdict__judge(&online, &plain, &a);
		}
	}
	for (unsigned int i = 0; i < 777; i++)
		series__add(&batch, i * 30.0, 50000 + rising_teeth(i));
	verdict__judge(&online, &plain, &a);
	verdict__judge(&batch, &plain, &b);
	assert_memory_equal(&a, &b, sizeof(a));
}

static void start_up_is_set_aside(void **state)
{
	struct series s = {0};
	struct verdict v;

	series__add(&s, 0, 10000);
	for (unsigned int i = 1; i < 90; i++)
		series__add(&s, i * 30.0, 400000 + steady(i));
	verdict__judge(&s, &plain, &v);
	assert_int_equal(v.kind, VERDICT_LEAK);
	assert_non_null(strstr(v.reason, "start-up"));
	assert_true(v.rate_low_kb_h <= 2400 && 2400 <= v.rate_high_kb_h);
}

static void thin_last_buckets_are_left_out(void **state)
{
	struct series s = {0};
	struct window w;

	for (unsigned int i = 0; i < 129; i++) /* 32 buckets of four samples, and one sample */
		series__add(&s, i, 100);
	assert_int_equal(s.n_buckets, 33);
	window__all(&s, &w);
	assert_int_equal(w.m, 32);
	series__add(&s, 129, 100);
	window__all(&s, &w);
	assert_int_equal(w.m, 33);
}

static void looks_become_rare(void **state)
{
	struct series s = {0};
	unsigned int looks = 0;

	for (unsigned int i = 0; i < 20000; i++) {
		series__add(&s, i, i);
		if (series__due(&s)) {
			looks++;
			s.n_judged = s.n;
		}
	}
	assert_in_range(looks, 100, 400);
}

static void recent_past_alarms_before_the_whole(void **state)
{
	struct series s = {0};
	struct verdict v;
	unsigned int i;

	for (i = 0; i < 4000; i++)
		series__add(&s, i * 30.0, 50000 + 4 * noise(i));
	verdict__judge(&s, &plain, &v);
	assert_int_not_equal(v.kind, VERDICT_LEAK);
	for (; i < 4170; i++)
		series__add(&s, i * 30.0, 50000 + 4 * noise(i) + 40.0 * (i - 4000));
	verdict__judge(&s, &plain, &v);
	assert_int_equal(v.kind, VERDICT_LEAK);
	assert_true(v.is_recent);
	assert_true(v.span_s < 0.1 * s.last_s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes_get_their_names),
		cmocka_unit_test(rising_teeth_say_sawtooth),
		cmocka_unit_test(rate_holds_the_truth),
		cmocka_unit_test(too_little_is_said_to_be),
		cmocka_unit_test(many_samples_of_one_moment_are_too_short),
		cmocka_unit_test(short_looks_are_not_sure),
		cmocka_unit_test(short_looks_alarm_by_what_is_no_rate_of_zero),
		cmocka_unit_test(exhaustion_needs_headroom),
		cmocka_unit_test(reclaimable_growth_is_no_leak),
		cmocka_unit_test(prior_and_witness_move_the_posterior),
		cmocka_unit_test(slow_growth_needs_a_lower_gate),
		cmocka_unit_test(series_bounds_and_order),
		cmocka_unit_test(a_stall_at_the_start_hides_nothing),
		cmocka_unit_test(bucket_means_are_means),
		cmocka_unit_test(gaps_are_counted_and_survived),
		cmocka_unit_test(huge_values_do_no_harm),
		cmocka_unit_test(followed_equals_read_at_once),
		cmocka_unit_test(start_up_is_set_aside),
		cmocka_unit_test(thin_last_buckets_are_left_out),
		cmocka_unit_test(looks_become_rare),
		cmocka_unit_test(recent_past_alarms_before_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
