/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/rate.h"

/*
 * Which estimate speaks, and how many of its standard errors make the interval
 * (fitted on training seeds).
 */
enum rate_source { RATE_HINGE, RATE_EXP, RATE_ACCELERATING, RATE_PERIOD, RATE_WALK, RATE_LINE };

static const double width[] = {
	[RATE_HINGE] = 8.0,  [RATE_EXP] = 11.0, [RATE_ACCELERATING] = 3.4,
	[RATE_PERIOD] = 4.2, [RATE_WALK] = 1.3, [RATE_LINE] = 4.2,
};

static enum rate_source choose(const struct evidence *ev)
{
	const struct warmup_fit *w = &ev->warmup;
	bool slows = w->exp_slope > 0 && w->exp_slope < ev->trend_kb;

	if (ev->e[EV_GIVE_BACK] >= 0.7 && ev->period.lag && ev->period.strength > 0.5)
		return RATE_PERIOD;
	if (w->gain > 6 && w->shape == WARMUP_HINGE && w->gain > w->runner_up + 2)
		return RATE_HINGE;
	if (w->exp_gain > 6 && slows)
		return RATE_EXP;
	if (w->gain > 6 && w->exp_gain > 6 && ev->e[EV_TAIL_SLOPE] > 1.1)
		return RATE_ACCELERATING;
	return ev->line.root >= 1 ? RATE_WALK : RATE_LINE;
}

void lasting_rate(const struct evidence *ev, struct rate *ret)
{
	enum rate_source source = choose(ev);
	double se = ev->line.se, extra = 0;

	ret->slope_kb = ev->trend_kb;
	switch (source) {
	case RATE_PERIOD:
		ret->slope_kb = ev->period.slope;
		se = ev->period.se;
		break;
	case RATE_WALK:
		ret->slope_kb = ev->line.slope;
		break;
	case RATE_HINGE:
		ret->slope_kb = ev->warmup.slope;
		se = ev->warmup.se;
		break;
	case RATE_EXP:
		/* the warm-up may be another curve than an exponential */
		ret->slope_kb = ev->warmup.exp_slope;
		se = ev->warmup.exp_se;
		extra = 0.2 * (ev->trend_kb - ret->slope_kb);
		break;
	case RATE_ACCELERATING:
		/* the mean over the window; the pace at its end is higher */
		ret->slope_kb = ev->mean_pace_kb;
		extra = 0.1 * ret->slope_kb;
		break;
	case RATE_LINE:
		break;
	}
	ret->half_width_kb =
		num_max(width[source] * se, 4 + 0.005 * num_abs(ret->slope_kb)) + extra;
}

void time_to_exhaustion(const struct verdict_context *ctx, struct verdict *v)
{
	if (!ctx->has_headroom || !v->has_rate || v->rate_kb_h <= 0)
		return;
	v->has_exhaustion = true;
	v->exhaustion_s = ctx->headroom_kb / v->rate_kb_h * 3600;
	v->exhaustion_low_s = ctx->headroom_kb / v->rate_high_kb_h * 3600;
	v->exhaustion_high_s =
		v->rate_low_kb_h > 0 ? ctx->headroom_kb / v->rate_low_kb_h * 3600 : NUM_INFINITY;
}

#define DETECT_ERRORS 8.0 /* standard errors of the trend that a leak must stand out by */

double detectable_rate(const struct window *w, const struct evidence *ev, double min_rate_kb_h)
{
	double hours = w->span_s / 3600;
	/* a leak shows against what the series gives back and against its noise */
	double needed = num_max(DETECT_ERRORS * ev->line.se, 0.5 * ev->give_back_kb);

	needed = num_max(needed, 1.75 * VERDICT_MIN_GROWTH_KB);
	return num_max(needed / hours, 1.1 * min_rate_kb_h);
}
