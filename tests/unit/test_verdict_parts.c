/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "analyze/verdict/many.h"
#include "analyze/verdict/score.h"
#include "analyze/verdict/witness.h"

static void num_agrees_with_libm(void **state)
{
	for (double x = -60; x < 60; x += 0.0371)
		assert_true(fabs(num_exp(x) / exp(x) - 1) < 1e-13);
	for (double x = 1e-8; x < 1e14; x *= 1.037) {
		assert_true(fabs(num_log(x) - log(x)) < 1e-13);
		assert_true(fabs(num_sqrt(x) / sqrt(x) - 1) < 1e-15);
	}
	assert_true(num_sqrt(0) == 0 && num_sqrt(-4) == 0);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void select_agrees_with_sorting(void **state)
{
	uint64_t r = 1;

	for (int round = 0; round < 3000; round++) {
		double v[70], sorted[70];
		size_t n = 1 + (size_t)round % 70;

		for (size_t i = 0; i < n; i++) {
			r = r * 6364136223846793005ULL + 1442695040888963407ULL;
			v[i] = sorted[i] = (double)((r >> 33) % (1 + (unsigned int)round % 17));
		}
		qsort(sorted, n, sizeof(*sorted), compare);
		assert_true(num_select(v, n, n / 3) == sorted[n / 3]);
		assert_true(num_median(v, n) == (sorted[(n - 1) / 2] + sorted[n / 2]) / 2);
	}
	assert_true(num_median(NULL, 0) == 0);
}

static void alarm_needs_persistence_and_is_withdrawn(void **state)
{
	struct verdict leak = {.kind = VERDICT_LEAK}, plateau = {.kind = VERDICT_PLATEAU};
	struct verdict growing = {.kind = VERDICT_GROWING};
	struct series s = {.last_s = 100};

	for (int i = 0; i < 3; i++) {
		assert_false(alarm__look(&s, &leak));
		s.last_s += 10;
	}
	assert_true(alarm__look(&s, &leak));
	assert_true(s.alarm.on);
	assert_false(alarm__look(&s, &growing));
	assert_true(s.alarm.on);
	assert_true(alarm__look(&s, &plateau));
	assert_false(s.alarm.on);
	assert_int_equal(s.alarm.withdrawn, 1);
}

/* Six hours of one that fills and rests in turns: four looks at a leak, one at a plateau. If a
 * withdrawal asked for nothing more it would be an alarm a turn. */
static void alarms_do_not_flap(void **state)
{
	struct verdict leak = {.kind = VERDICT_LEAK}, plateau = {.kind = VERDICT_PLATEAU};
	struct series s = {.last_s = 100};
	unsigned int n_told = 0, n_turns = 0;

	while (s.last_s < 6 * 3600) {
		for (int i = 0; i < 5; i++) {
			s.last_s *= 1.05;
			n_told += alarm__look(&s, i < 4 ? &leak : &plateau) && s.alarm.on;
		}
		n_turns++;
	}
	assert_true(n_turns > 20);
	assert_int_equal(n_told, 1);
	for (int i = 0; i < 8; i++) { /* and one that leaks for good is told all the same */
		s.last_s *= 1.05;
		n_told += alarm__look(&s, &leak) && s.alarm.on;
	}
	assert_int_equal(n_told, 2);
}

static void discoveries_keep_their_promise(void **state)
{
	const double p[] = {0.99, 0.2, 0.97, 0.80, 0.95, 0.5, 0.999};
	bool keep[7];
	uint32_t order[7];

	/* kept so far: .999 .99 .97 .95 -> expected false .091 of 4; with .80: .291 of 5 */
	assert_int_equal(keep_discoveries(p, 7, 0.05, keep, order), 4);
	assert_true(keep[0] && keep[2] && keep[4] && keep[6]);
	assert_false(keep[1] || keep[3] || keep[5]);
	assert_int_equal(keep_discoveries(p, 7, 0.10, keep, order), 5);
	assert_int_equal(keep_discoveries(p, 0, 0.10, keep, order), 0);
}

static void ages_tell_leaks_from_sessions(void **state)
{
	uint64_t flat[WITNESS_EPOCHS], fading[WITNESS_EPOCHS], pool[WITNESS_EPOCHS] = {1 << 20};
	uint64_t late_leak[WITNESS_EPOCHS] = {0}, none[WITNESS_EPOCHS] = {0};

	for (unsigned int i = 0; i < WITNESS_EPOCHS; i++) {
		flat[i] = 10000 + (i * 7919) % 900;
		fading[i] = (uint64_t)1000 << i;
		if (i >= 7)
			late_leak[i] = 20000;
	}
	assert_int_equal(witness_ages(flat), WITNESS_LEAKY);
	assert_int_equal(witness_ages(late_leak), WITNESS_LEAKY);
	assert_int_equal(witness_ages(fading), WITNESS_TURNS_OVER);
	assert_int_equal(witness_ages(pool), WITNESS_EARLY);
	assert_int_equal(witness_ages(none), WITNESS_SILENT);
	for (unsigned int i = 0; i < WITNESS_EPOCHS; i++)
		fading[i] = i < 7 ? 9000 : 60000; /* old ones die, however many are young */
	assert_int_equal(witness_ages(fading), WITNESS_TURNS_OVER);
	/* 10400 bytes an epoch, 16 epochs an hour */
	assert_true(fabs(witness_rate_bytes_per_hour(flat, 3600) / (16 * 10400) - 1) < 0.05);
}

static void ages_weigh_what_they_are_sure_of(void **state)
{
	uint64_t holes[WITNESS_EPOCHS] = {0};

	for (unsigned int i = 3; i < WITNESS_EPOCHS; i += 2)
		holes[i] = 1 << 20;
	assert_int_equal(witness_ages(holes), WITNESS_SILENT); /* steps of a leak, or luck */
	assert_true(witness_logit(WITNESS_LEAKY) > 0);
	assert_true(witness_logit(WITNESS_TURNS_OVER) < 0);
	assert_true(witness_logit(WITNESS_EARLY) < 0);
	assert_true(witness_logit(WITNESS_SILENT) == 0);
	assert_true(witness_is_sure(1000, 0));
	assert_true(witness_is_sure(1000, 250));
	assert_false(witness_is_sure(1000, 251));
}

static void names_are_complete(void **state)
{
	for (int i = 0; i < _VERDICT_KIND_MAX; i++)
		assert_non_null(verdict_kind_names[i]);
	for (int i = 0; i < _SHAPE_MAX; i++)
		assert_non_null(verdict_shape_names[i]);
	for (int i = 0; i < _EV_MAX; i++)
		assert_non_null(evidence_names[i]);
	assert_true(sizeof(struct series) <= 1228);
}

/* Every evidence may push one way only, whatever the others say. */
static void score_is_monotone(void **state)
{
	uint64_t r = 9;

	for (int round = 0; round < 400; round++) {
		double e[_EV_MAX], before;
		int i = round % _EV_MAX;

		for (int k = 0; k < _EV_MAX; k++) {
			r = r * 6364136223846793005ULL + 1442695040888963407ULL;
			e[k] = (double)(r >> 40) / (1 << 21) - 3;
		}
		before = score_logit(e);
		e[i] += 2;
		if (evidence_push[i] > 0)
			assert_true(score_logit(e) >= before - 0.02);
		if (evidence_push[i] < 0)
			assert_true(score_logit(e) <= before + 0.02);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(num_agrees_with_libm),
		cmocka_unit_test(select_agrees_with_sorting),
		cmocka_unit_test(alarm_needs_persistence_and_is_withdrawn),
		cmocka_unit_test(alarms_do_not_flap),
		cmocka_unit_test(discoveries_keep_their_promise),
		cmocka_unit_test(ages_tell_leaks_from_sessions),
		cmocka_unit_test(ages_weigh_what_they_are_sure_of),
		cmocka_unit_test(names_are_complete),
		cmocka_unit_test(score_is_monotone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
