/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The evidence added up to one probability. The table (score_table.h) is a sum
 * of small decision trees fitted by tests/corpus/fit.c on training seeds only,
 * each evidence held to the direction it may push in; leaves are thousandths
 * of a logit, so the sum is exact.
 */
#pragma once

#include "analyze/verdict/evidence.h"

#define SCORE_PRIOR 0.44 /* share of leaks in what the table was fitted on */

/* Logit of "this is a leak", at SCORE_PRIOR. */
double score_logit(const double e[_EV_MAX]);

double score_probability(double logit);
