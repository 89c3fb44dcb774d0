/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes up and comes down again: turning points and periods. A garbage
 * collector, a batch job or a daily load hides a leak in its teeth; the floors
 * between the teeth, or the difference over whole periods, show it.
 */
#pragma once

#include "analyze/verdict/window.h"

struct turns {
	unsigned int n_valleys, n_peaks;
	double valley_z; /* slope of the valleys as a normal deviate; 0 below 3 valleys */
	double common_z; /* the same, valleys and peaks with one slope; 0 below 4 turns */
	double common_slope, common_se; /* KiB per unit of x */
};

/* Turning points of at least `threshold` KiB. */
void find_turns(const double *x, const double *y, unsigned int n, double threshold,
		struct turns *ret);

struct period {
	unsigned int lag;    /* buckets; 0: none found */
	double strength;     /* autocorrelation at the lag */
	double slope, se, t; /* of y over whole periods, KiB per unit of x */
};

/* `ts` is the slope that is taken out before looking. */
void find_period(const double *x, const double *y, unsigned int n, double ts, struct period *ret);
