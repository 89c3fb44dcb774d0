/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a verdict looks at: up to 64 buckets of a series (all of it, or one of
 * its rings), with the gaps and the start-up transient taken out.
 */
#pragma once

#include "analyze/verdict/series.h"

#define WINDOW_MAX SERIES_BUCKETS
#define WINDOW_MIN 8 /* buckets a verdict needs */

struct window {
	unsigned int m;
	double span_s;		  /* x = 0 to 1 */
	double begin_s;		  /* of x = 0, since the first sample */
	double base_kb;		  /* the first sample: what floor and mean are relative to */
	double cut_kb;		  /* start-up transient taken out */
	double top_kb;		  /* highest sample, relative; 0 for a ring */
	unsigned int n_gaps;	  /* empty buckets inside */
	double x[WINDOW_MAX];	  /* bucket centres in [0,1] */
	double floor[WINDOW_MAX]; /* KiB relative to the first sample */
	double mean[WINDOW_MAX];
};

/* The whole history. A last bucket that is less than half full is left out. */
void window__all(const struct series *s, struct window *ret);

/* A ring; false when its cells are finer than the samples or it has too few. */
bool window__ring(const struct series *s, unsigned int ring, struct window *ret);

/* y[b-1] .. y[a] largest minus smallest; 0 for none. */
double window_range(const double *y, unsigned int n);
