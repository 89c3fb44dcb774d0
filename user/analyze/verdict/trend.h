/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trend statistics over n points in time order, x rising in [0,1], n <= 64.
 * Slopes are KiB per unit of x.
 */
#pragma once

#include "analyze/verdict/window.h"

#define PAGE_NOISE_KB 1.2 /* a 4 KiB page, rounded: 4 / sqrt(12) */

double theil_sen(const double *x, const double *y, unsigned int n);

/*
 * Mann-Kendall Z with ties, its variance corrected for autocorrelation
 * (Hamed and Rao 1998) of the series without its slope `ts`. *ret_plain, when
 * not NULL, is Z without that correction.
 */
double mann_kendall(const double *x, const double *y, unsigned int n, double ts, double *ret_plain);

/*
 * Linear fit whose t statistic means the same whether the noise is stationary
 * or a random walk (after Perron and Yabu 2009): residuals are taken for
 * AR(1), a root near 1 is taken for 1, and the fit is done on quasi-differences.
 */
struct robust_fit {
	double root; /* AR(1) coefficient in force, 1: random walk */
	double slope, se, t;
	double sse;	  /* of the quasi-differenced fit, at least the page noise */
	double inflation; /* of the variance, by what autocorrelation is left; >= 1 */
};
void robust_trend(const double *x, const double *y, unsigned int n, struct robust_fit *ret);

/* Least squares line; slope and residual sum of squares. */
void ols(const double *x, const double *y, unsigned int n, double *ret_slope, double *ret_sse);

/*
 * Laplace trend statistic of the increments: below 0 the growth came early,
 * above 0 late, near 0 evenly. Increments above 0 only.
 */
double laplace(const double *x, const double *y, unsigned int n);

/* Robust standard deviation of the sample noise, from differences of neighbours. */
double difference_noise(const double *y, unsigned int n);

/*
 * The best curve that flattens out beside the line: 1 - exp(-x/tau),
 * log(1 + x/tau), or a hinge after which the slope is another.
 */
enum warmup_shape { WARMUP_NONE, WARMUP_EXP, WARMUP_LOG, WARMUP_HINGE };
struct warmup_fit {
	enum warmup_shape shape;
	double at;	     /* tau, or the knot */
	double gain;	     /* m ln(SSE1/SSE2) - 2 ln m; above 0: the curve earns its parameters */
	double runner_up;    /* best gain of another shape */
	double slope, se, t; /* of the line that is left */
	double exp_slope;    /* of the line beside the best exponential, whatever won */
	double exp_se, exp_gain;
};
void warmup_fit(const double *x, const double *y, unsigned int n, const struct robust_fit *line,
		struct warmup_fit *ret);
