/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tally.h"

#include <stdio.h>
#include <string.h>

#include "baseline.h"

static void count(struct counts *c, bool leak, bool said)
{
	c->tp += leak && said;
	c->fp += !leak && said;
	c->fn += leak && !said;
	c->tn += !leak && !said;
}

double counts__precision(const struct counts *c)
{
	return c->tp + c->fp ? (double)c->tp / (c->tp + c->fp) : 1;
}

double counts__recall(const struct counts *c)
{
	return c->tp + c->fn ? (double)c->tp / (c->tp + c->fn) : 1;
}

double counts__f1(const struct counts *c)
{
	double p = counts__precision(c), r = counts__recall(c);

	return p + r > 0 ? 2 * p * r / (p + r) : 0;
}

/* Its cost goes with the square of the samples: long series at every n-th. */
static bool kendall(const struct gen_series *g)
{
	double t[GEN_MAX], v[GEN_MAX];
	unsigned int step = 1 + g->n / 300, n = 0;

	for (unsigned int i = 0; i < g->n; i += step, n++) {
		t[n] = g->t[i];
		v[n] = g->v[i];
	}
	return mann_kendall_rule(t, v, n);
}

static void rate_check(struct tally *t, const struct gen_series *g, const struct verdict *v)
{
	if (t->rated < sizeof(t->error) / sizeof(t->error[0]))
		t->error[t->rated] = num_abs(v->rate_kb_h - g->rate_kb_h) / g->rate_kb_h;
	t->rated++;
	t->covered += v->rate_low_kb_h <= g->rate_kb_h && g->rate_kb_h <= v->rate_high_kb_h;
}

void tally__add(struct tally *t, enum gen_class class, const struct gen_series *g,
		const struct verdict *v)
{
	bool said = v->kind == VERDICT_LEAK;
	unsigned int tenth = (unsigned int)num_min(9, v->leak_probability * 10);

	t->series[class]++;
	t->alarms[class] += said;
	t->named[class] += !strcmp(verdict_kind_names[v->kind], gen_expected[class]);
	if (!g->decidable)
		return;
	count(&t->method[METHOD_VERDICT], g->leak, said);
	count(&t->method[METHOD_NAIVE], g->leak, naive_rule(g->t, g->v, g->n));
	count(&t->method[METHOD_KENDALL], g->leak, kendall(g));
	count(&t->method[METHOD_REGRESSION], g->leak, regression_rule(g->t, g->v, g->n));
	t->bin[tenth]++;
	t->bin_leaks[tenth] += g->leak;
	t->bin_sum[tenth] += v->leak_probability;
	if (g->leak && g->leaked_kb >= 5 * g->other_sd_kb) {
		t->clear++;
		t->clear_found += said;
	}
	if (g->leak && said)
		rate_check(t, g, v);
}

void tally__print(struct tally *t, const char *title, bool verbose)
{
	static const char *const names[] = {"verdict", "naive", "mann-kendall", "regression"};

	printf("%s\n", title);
	for (int m = 0; m < _METHOD_MAX; m++)
		printf("  %-13s P %.3f  R %.3f  F1 %.3f\n", names[m],
		       counts__precision(&t->method[m]), counts__recall(&t->method[m]),
		       counts__f1(&t->method[m]));
	printf("  recall when clear %.3f, rate inside the interval %.3f, median error %.3f\n",
	       t->clear ? (double)t->clear_found / t->clear : 1,
	       t->rated ? (double)t->covered / t->rated : 1,
	       num_median(t->error, t->rated < 20000 ? t->rated : 20000));
	printf("  calibration");
	for (int b = 0; b < 10; b++)
		if (t->bin[b])
			printf(" %.2f:%.2f(%u)", t->bin_sum[b] / t->bin[b],
			       (double)t->bin_leaks[b] / t->bin[b], t->bin[b]);
	printf("\n");
	for (int c = 0; verbose && c < _GEN_CLASS_MAX; c++)
		printf("    %-18s leak %.2f  named %.2f\n", gen_class_names[c],
		       t->series[c] ? (double)t->alarms[c] / t->series[c] : 0,
		       t->series[c] ? (double)t->named[c] / t->series[c] : 0);
}
