/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/rate.h"

/* Which estimate speaks, and how many of its standard errors make the interval. */
enum rate_source { RATE_HINGE, RATE_EXP, RATE_LOG, RATE_PERIOD, RATE_WALK, RATE_LINE };

static const double width[] = {
	[RATE_HINGE] = 3.5,  [RATE_EXP] = 3.7,	[RATE_LOG] = 5.5,
	[RATE_PERIOD] = 4.1, [RATE_WALK] = 1.9, [RATE_LINE] = 3.4,
};

static enum rate_source choose(const struct evidence *ev)
{
	const struct warmup_fit *w = &ev->warmup;

	if (ev->e[EV_GIVE_BACK] >= 0.7 && ev->period.lag && ev->period.strength > 0.5)
		return RATE_PERIOD;
	if (w->gain > 6 && w->shape == WARMUP_HINGE && w->gain > w->runner_up + 2)
		return RATE_HINGE;
	if (w->gain > 6 && w->shape == WARMUP_LOG)
		return RATE_LOG;
	if (w->gain > 6)
		return RATE_EXP;
	return ev->line.root >= 1 ? RATE_WALK : RATE_LINE;
}

void lasting_rate(const struct evidence *ev, struct rate *ret)
{
	enum rate_source source = choose(ev);
	double se = ev->line.se;

	ret->slope_kb = ev->trend_kb;
	if (source == RATE_PERIOD) {
		ret->slope_kb = ev->period.slope;
		se = ev->period.se;
	} else if (source == RATE_WALK) {
		ret->slope_kb = ev->line.slope;
	} else if (source != RATE_LINE) {
		ret->slope_kb = ev->warmup.slope;
		se = ev->warmup.se;
	}
	ret->half_width_kb = num_max(width[source] * se, 4 + 0.005 * num_abs(ret->slope_kb));
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

#define DETECT_ERRORS 7.0 /* standard errors of the trend that a leak must stand out by */

double detectable_rate(const struct window *w, const struct evidence *ev, double min_rate_kb_h)
{
	double hours = w->span_s / 3600;
	/* a leak shows against what the series gives back and against its noise */
	double needed = num_max(DETECT_ERRORS * ev->line.se, 0.5 * ev->give_back_kb);

	needed = num_max(needed, 1.25 * VERDICT_MIN_GROWTH_KB);
	return num_max(needed / hours, min_rate_kb_h);
}
