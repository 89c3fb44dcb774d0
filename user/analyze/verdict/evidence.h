/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A window of a series as numbers without units: what speaks for a leak and
 * what against. Each has a direction it may push in (evidence_push), so that
 * the score fitted on them stays explainable.
 */
#pragma once

#include "analyze/verdict/trend.h"
#include "analyze/verdict/wave.h"

enum evidence_id {
	EV_TREND_Z, /* Mann-Kendall Z of the floors, corrected for autocorrelation */
	EV_TREND_T, /* t of the linear trend that holds for stationary and walking noise */
	EV_MEAN_Z,  /* as EV_TREND_Z, of the bucket means */
	EV_MEAN_T,
	EV_TAIL_SLOPE,	    /* slope of the last 40 % over the slope of all */
	EV_TAIL_GROWTH,	    /* growth of the last 40 % over 40 % of the growth */
	EV_TAIL_FIFTH,	    /* slope of the last fifth over the slope of all */
	EV_TAIL_T,	    /* t of the trend of the last half */
	EV_QUARTERS_LATE,   /* least growth of the last two quarters, a quarter of the trend = 1 */
	EV_QUARTERS_ALL,    /* least growth of the four quarters */
	EV_LAPLACE,	    /* below 0: growth came early */
	EV_LAPLACE_LATE,    /* the same within the last half */
	EV_STEP1,	    /* share of the growth in the largest short run of buckets */
	EV_STEP2,	    /* in the two largest */
	EV_SINCE_RISE,	    /* fraction of the window since the lasting floor last rose */
	EV_RISES,	    /* ln(1 + number of such rises) */
	EV_VALLEY_Z,	    /* slope of the valleys between teeth */
	EV_TURN_Z,	    /* slope of valleys and peaks together */
	EV_VALLEYS,	    /* how many valleys, up to 6 */
	EV_PERIOD_T,	    /* t of the growth over whole periods */
	EV_PERIOD_SLOPE,    /* that growth over the trend */
	EV_PERSIST,	    /* slope left beside the best warm-up curve, over the trend */
	EV_PERSIST_T,	    /* its t */
	EV_CURVE_GAIN,	    /* how much better the warm-up curve fits */
	EV_GIVE_BACK,	    /* most ever given back, over the trend */
	EV_GIVE_BACK_RANGE, /* the same over the range */
	EV_NOISE,	    /* noise of a bucket over the growth */
	EV_SPREAD,	    /* mean minus floor inside buckets, over the range */
	EV_MOVES_UP,	    /* share of upward moves among moves */
	EV_SIXTHS,	    /* how many of the five steps between sixths' floors rise */
	EV_SIXTHS_MEAN,	    /* the same of the sixths' means */
	EV_CUT,		    /* start-up taken out, over that plus the range */
	EV_NEW_HIGH, /* floor of the last tenth above the highest before the last third, over range
		      */
	EV_SKEW,     /* median move minus mean move, over the mean size of a move: > 0 slow up, fast
			down */
	EV_RATE_T,   /* the rate that lasts over half of its interval: below 1 it may be none */
	EV_ROOT,     /* how far one value is remembered by the next: 1 walks, 0 comes back */
	EV_RISE_PACE, /* below 0: rises of the lasting floor become rarer, whatever their size */
	_EV_MAX,
};

extern const char *const evidence_names[_EV_MAX];
extern const signed char evidence_push[_EV_MAX]; /* +1, -1, or 0: either way */

/* What the decision needs in KiB, beside the evidence. */
struct evidence {
	double e[_EV_MAX];
	double trend_kb;     /* Theil-Sen growth over the window, of the floors */
	double net_kb;	     /* last tenth minus first tenth, medians */
	double mean_pace_kb; /* first points to last points, over the whole window */
	double range_kb, noise_kb, give_back_kb;
	double mean_range_kb, mean_share; /* of the bucket means: range, and median height in it */
	double inner_kb; /* highest sample over the median floor: what swings inside buckets */
	double mean_excess_kb; /* how far the means stand above the floors */
	double jump_share;     /* of the growth in the largest rise within two buckets */
	double roughness; /* noise of the second differences over the range: small for smooth curves
			   */
	double cut_buckets;	/* how many the start-up took */
	double level_share;	/* median height in the range: 0 bottom, 1 top; of the means */
	double level_abs_kb;	/* largest floor of the window, as a value */
	double trend_inflation; /* of the variance of the trend, by autocorrelation */
	struct robust_fit line;
	struct warmup_fit warmup;
	struct turns turns;
	struct period period;
};

/* Needs at least WINDOW_MIN buckets. */
void evidence__weigh(const struct window *w, struct evidence *ret);
