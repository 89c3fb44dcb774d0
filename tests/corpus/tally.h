/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts of right and wrong verdicts over a synthetic corpus. */
#pragma once

#include "analyze/verdict/verdict.h"
#include "gen.h"

enum method { METHOD_VERDICT, METHOD_NAIVE, METHOD_KENDALL, METHOD_REGRESSION, _METHOD_MAX };

struct counts {
	unsigned int tp, fp, fn, tn;
};

struct tally {
	struct counts method[_METHOD_MAX];
	unsigned int series[_GEN_CLASS_MAX], alarms[_GEN_CLASS_MAX], named[_GEN_CLASS_MAX];
	unsigned int clear, clear_found; /* leaks of at least 5 sd of the rest */
	unsigned int rated, covered;	 /* detected leaks; true rate inside the interval */
	unsigned int bin[10], bin_leaks[10];
	double bin_sum[10];
	double error[20000]; /* relative errors of the rate */
};

void tally__add(struct tally *t, enum gen_class class, const struct gen_series *g,
		const struct verdict *v);
double counts__precision(const struct counts *c);
double counts__recall(const struct counts *c);
double counts__f1(const struct counts *c);
void tally__print(struct tally *t, const char *title, bool verbose);
