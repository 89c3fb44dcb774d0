/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floors of the verdict on recorded programs (tests/corpus/real), cut into
 * windows of five minutes, half an hour and the whole hour.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/judge.h"

#define DIR "tests/corpus/real/"
#define ROWS_MAX 1000

struct program {
	char name[64];
	bool is_leak;
	double settles_s, period_s;
	unsigned int n;
	double t[ROWS_MAX], v[ROWS_MAX];
};

static struct program programs[64];
static unsigned int n_programs;

static void load_rows(struct program *p, const char *file)
{
	char path[256], line[128];
	FILE *f;

	snprintf(path, sizeof(path), DIR "%s", file);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) && p->n < ROWS_MAX)
		if (sscanf(line, "%lf,%lf", &p->t[p->n], &p->v[p->n]) == 2)
			p->n++;
	fclose(f);
	assert_true(p->n > 600);
}

static int load(void **state)
{
	char line[512], file[64];
	FILE *f = fopen(DIR "manifest.tsv", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct program *p = &programs[n_programs];
		int leak;

		if (sscanf(line, "%63s\t%*s\t%63s\t%d\t%*d\t%*s\t%*f\t%*f\t%lf\t%lf", file, p->name,
			   &leak, &p->settles_s, &p->period_s) != 5)
			continue;
		p->is_leak = leak;
		load_rows(p, file);
		n_programs++;
	}
	fclose(f);
	assert_true(n_programs >= 40);
	return 0;
}

/* Most of the window is still filling, or it holds too few periods. */
static bool is_decidable(const struct program *p, double from, double length)
{
	if (from < p->settles_s && from + length < 1.35 * p->settles_s)
		return false;
	return length >= 2.5 * p->period_s;
}

static void judge_window(const struct program *p, double from, double length, unsigned int every,
			 struct verdict *ret)
{
	static const struct verdict_context plain;
	struct series s = {0};
	unsigned int k = 0;

	for (unsigned int i = 0; i < p->n; i++)
		if (p->t[i] >= from && p->t[i] < from + length && k++ % every == 0)
			series__add(&s, p->t[i], p->v[i]);
	verdict__judge(&s, &plain, ret);
}

static struct judge_score score(double length, double step, unsigned int every)
{
	static struct judge_score s;
	static struct judge j;

	memset(&s, 0, sizeof(s));
	for (unsigned int i = 0; i < n_programs; i++)
		for (double from = 0; from + length <= 3660; from += step) {
			struct judge_label label = {.is_leak = programs[i].is_leak};
			struct verdict v;

			label.is_decidable = is_decidable(&programs[i], from, length);
			judge_window(&programs[i], from, length, every, &v);
			judge_score__add(&s, &label, &j, &v);
		}
	printf("%4.0f min: P %.3f R %.3f F1 %.3f (%u windows), undecidable called leak %u of %u\n",
	       length / 60, judge_score__precision(&s), judge_score__recall(&s),
	       judge_score__f1(&s), s.n - s.n_undecidable, s.undecidable_leaks, s.n_undecidable);
	return s;
}

static void five_minutes(void **state)
{
	struct judge_score s = score(300, 300, 1);

	assert_true(judge_score__f1(&s) >= 0.86);
	assert_true(judge_score__precision(&s) >= 0.94);
}

static void half_an_hour(void **state)
{
	struct judge_score s = score(1800, 900, 6);

	assert_true(judge_score__f1(&s) >= 0.94);
	assert_true(judge_score__precision(&s) >= 0.95);
}

static void an_hour(void **state)
{
	struct judge_score s = score(3540, 3600, 6);

	assert_true(judge_score__f1(&s) >= 0.96);
	assert_int_equal(s.fp, 0);
}

/* Whatever part of a tooth the hour ends in. */
static void nobody_innocent_is_accused_after_an_hour(void **state)
{
	for (unsigned int i = 0; i < n_programs; i++)
		for (double length = 3160; length <= 3660 && !programs[i].is_leak; length += 20) {
			struct verdict v;

			judge_window(&programs[i], 0, length, 1, &v);
			if (v.kind == VERDICT_LEAK)
				fail_msg("%s after %.0f s: %s", programs[i].name, length, v.reason);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_minutes),
		cmocka_unit_test(half_an_hour),
		cmocka_unit_test(an_hour),
		cmocka_unit_test(nobody_innocent_is_accused_after_an_hour),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
