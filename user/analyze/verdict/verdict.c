/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/verdict.h"

#include <stdio.h>
#include <string.h>

#include "analyze/verdict/rate.h"
#include "analyze/verdict/reason.h"
#include "analyze/verdict/score.h"
#include "analyze/verdict/shape.h"

#define SHORT_LOOK_S 600.0
#define SHORT_LOOK_PERMILLE 700 /* a warm-up looks the same for so long */
#define DOUBT_LOOK_S 240.0	/* looks that the corpus has none of: the rate has the last word */
#define DOUBT_PROBABILITY 0.59	/* just no leak */
#define RATE_ERRORS 2.0		/* half-width of the interval to the rate */
#define RECENT_PROBABILITY 0.90
#define RECENT_PACE 1.5

const char *const verdict_kind_names[_VERDICT_KIND_MAX] = {
	[VERDICT_INSUFFICIENT] = "insufficient",
	[VERDICT_STABLE] = "stable",
	[VERDICT_LEAK] = "leak",
	[VERDICT_GROWING] = "growing",
	[VERDICT_PLATEAU] = "plateau",
	[VERDICT_SAWTOOTH] = "sawtooth",
	[VERDICT_STEP] = "step",
	[VERDICT_SPIKES] = "spikes",
	[VERDICT_SEASONAL] = "seasonal",
	[VERDICT_SHRINKING] = "shrinking",
};

const char *const verdict_shape_names[_SHAPE_MAX] = {
	[SHAPE_NONE] = "none",	       [SHAPE_FLAT] = "flat",
	[SHAPE_LINEAR] = "linear",     [SHAPE_ACCELERATING] = "accelerating",
	[SHAPE_SLOWING] = "slowing",   [SHAPE_LATE] = "late",
	[SHAPE_STEPS] = "steps",       [SHAPE_SAWTOOTH] = "sawtooth",
	[SHAPE_SEASONAL] = "seasonal", [SHAPE_SPIKES] = "spikes",
	[SHAPE_NOISY] = "noisy",       [SHAPE_FALLING] = "falling",
};

static double min_rate(const struct verdict_context *ctx)
{
	return ctx->min_rate_kb_h > 0 ? ctx->min_rate_kb_h : VERDICT_MIN_RATE_KB_H;
}

/* The score was fitted at SCORE_PRIOR; another share of leaks moves its logit. */
static double shifted_logit(double logit, const struct verdict_context *ctx)
{
	logit += witness_logit(ctx->ages);
	if (ctx->prior > 0 && ctx->prior < 1)
		logit += num_log(ctx->prior / (1 - ctx->prior)) -
			 num_log(SCORE_PRIOR / (1 - SCORE_PRIOR));
	return logit;
}

static void fill_rate(const struct window *w, const struct evidence *ev,
		      const struct verdict_context *ctx, struct verdict *v)
{
	double hours = w->span_s / 3600;
	struct rate r;

	lasting_rate(ev, &r);
	v->has_rate = true;
	v->rate_kb_h = r.slope_kb / hours;
	v->rate_low_kb_h = (r.slope_kb - r.half_width_kb) / hours;
	v->rate_high_kb_h = (r.slope_kb + r.half_width_kb) / hours;
	v->has_detectable = true;
	v->detectable_kb_h = detectable_rate(w, ev, min_rate(ctx));
}

static bool grows(const struct verdict *v)
{
	return v->kind == VERDICT_LEAK || v->kind == VERDICT_GROWING;
}

/* Of what grew: a rate that may as well be none, or RATE_ERRORS times as much, is none to tell. */
static bool rate_is_known(const struct verdict *v)
{
	return v->rate_high_kb_h - v->rate_kb_h <= RATE_ERRORS * v->rate_kb_h;
}

/* A leak is not told with a rate that denies it (none that lasts, or none that could be one; after
 * a short look, one that may be none), nor before it was watched for as long as its context wants.
 */
static void doubt(const struct verdict_context *ctx, struct verdict *v)
{
	bool denied = v->rate_kb_h <= 0 || v->rate_high_kb_h < min_rate(ctx) ||
		      (v->rate_low_kb_h <= 0 && v->span_s < DOUBT_LOOK_S) ||
		      v->span_s < ctx->leak_span_s;

	if (v->kind != VERDICT_LEAK || !denied)
		return;
	v->kind = VERDICT_GROWING;
	v->leak_probability = num_min(v->leak_probability, DOUBT_PROBABILITY);
}

static uint32_t confidence(const struct verdict *v)
{
	double p = grows(v) ? v->leak_probability : 1 - v->leak_probability;
	uint32_t permille = (uint32_t)(p * 1000 + 0.5);

	if (grows(v) && v->span_s < SHORT_LOOK_S && permille > SHORT_LOOK_PERMILLE)
		return SHORT_LOOK_PERMILLE;
	return permille;
}

/* Of n samples, in so many buckets. */
static void too_short(struct verdict *v, uint64_t n, size_t n_buckets)
{
	v->kind = VERDICT_INSUFFICIENT;
	v->shape = SHAPE_NONE;
	snprintf(v->reason, sizeof(v->reason),
		 "too short to tell: %llu sample%s over %.0f s fill %zu of the %d intervals that a "
		 "verdict needs",
		 (unsigned long long)n, n == 1 ? "" : "s", v->span_s, n_buckets, WINDOW_MIN);
}

void verdict__window(const struct window *w, const struct verdict_context *ctx,
		     struct evidence *ret_ev, struct verdict *ret)
{
	bool growth;

	memset(ret, 0, sizeof(*ret));
	ret->span_s = w->span_s;
	ret->n_gaps = w->n_gaps;
	if (w->m < WINDOW_MIN) {
		memset(ret_ev, 0, sizeof(*ret_ev));
		too_short(ret, w->m, w->m);
		return;
	}
	evidence__weigh(w, ret_ev);
	growth = passes_gates(ret_ev, w, min_rate(ctx));
	/* below the gates the score was never fitted: nothing there is called a leak */
	ret->leak_probability = num_min(
		score_probability(shifted_logit(score_logit(ret_ev->e), ctx)), growth ? 1 : 0.02);
	ret->growth_kb = ret_ev->trend_kb;
	ret->shape = name_shape(ret_ev);
	if (growth && ret->leak_probability >= LEAK_PROBABILITY && !ctx->is_reclaimable)
		ret->kind = VERDICT_LEAK;
	else if (growth && ret->leak_probability >= SUSPECT_PROBABILITY)
		ret->kind = VERDICT_GROWING;
	else
		ret->kind = name_kind(ret_ev, ret->leak_probability);
	fill_rate(w, ret_ev, ctx, ret);
	ret->has_rate = !grows(ret) || rate_is_known(ret);
	doubt(ctx, ret);
	time_to_exhaustion(ctx, ret);
	ret->confidence_permille = confidence(ret);
	explain(w, ret_ev, ctx, ret);
}

/*
 * Above everything the series had reached before the ring's time. Of a bucket its floor and its
 * mean are kept: what swings inside reaches as far above the mean as the floor lies below.
 */
static bool is_new_high(const struct series *s, const struct window *recent)
{
	double low = NUM_INFINITY, before = -NUM_INFINITY;

	for (unsigned int i = recent->m - 4; i < recent->m; i++)
		low = num_min(low, recent->floor[i]);
	for (unsigned int i = 0; i < s->n_buckets; i++)
		if (s->count[i] && (i + 1) * s->width_s <= recent->begin_s)
			before = num_max(before, 2 * (double)s->mean[i] - (double)s->floor[i]);
	return low > before + VERDICT_MIN_GROWTH_KB;
}

/*
 * A warm-up that slows for ever (a logarithm) is steady in any short window:
 * the recent past speaks alone only when it is faster than the whole.
 */
static bool judge_recent(const struct series *s, unsigned int ring, double whole_kb_h,
			 const struct verdict_context *ctx, struct verdict *ret)
{
	struct evidence ev;
	struct window w;
	struct verdict v;

	if (!window__ring(s, ring, &w) || !is_new_high(s, &w))
		return false;
	verdict__window(&w, ctx, &ev, &v);
	if (v.kind != VERDICT_LEAK || v.leak_probability < RECENT_PROBABILITY ||
	    v.rate_low_kb_h <= 0 || v.growth_kb * 3600 < RECENT_PACE * whole_kb_h * v.span_s)
		return false;
	*ret = v;
	ret->is_recent = true;
	return true;
}

void verdict__judge(const struct series *s, const struct verdict_context *ctx, struct verdict *ret)
{
	struct evidence ev;
	struct window w;
	double whole;

	window__all(s, &w);
	verdict__window(&w, ctx, &ev, ret);
	whole = ev.trend_kb * 3600 / num_max(w.span_s, 1);
	if (ret->kind == VERDICT_INSUFFICIENT)
		too_short(ret, s->n, w.m);
	for (unsigned int i = 0;
	     i < SERIES_RINGS && ret->kind != VERDICT_LEAK && ret->kind != VERDICT_INSUFFICIENT;
	     i++)
		if (judge_recent(s, i, whole, ctx, ret))
			break;
	ret->n_samples = s->n;
}
