/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/shape.h"

bool passes_gates(const struct evidence *ev, const struct window *w, double min_rate_kb_h)
{
	return ev->trend_kb >= VERDICT_MIN_GROWTH_KB && ev->net_kb >= VERDICT_MIN_GROWTH_KB &&
	       ev->trend_kb * 3600 >= min_rate_kb_h * w->span_s;
}

/* Teeth: turning points, a regular period, or slow rises with fast falls. */
static bool is_sawtooth(const struct evidence *ev)
{
	return ev->turns.n_valleys >= 2 && ev->e[EV_GIVE_BACK_RANGE] >= 0.4 &&
	       (ev->e[EV_SKEW] > 0.25 || ev->period.strength > 0.6);
}

static bool is_seasonal(const struct evidence *ev)
{
	return ev->period.lag >= 5 && ev->period.strength > 0.55 &&
	       num_abs(ev->e[EV_SKEW]) < 0.35 && ev->e[EV_GIVE_BACK_RANGE] >= 0.4 &&
	       ev->noise_kb < 0.12 * ev->range_kb;
}

/* The level sits near the bottom and leaves it for short times. */
static bool is_spiky(const struct evidence *ev)
{
	return ev->level_share < 0.22 && ev->e[EV_GIVE_BACK_RANGE] > 0.5;
}

enum verdict_shape name_shape(const struct evidence *ev)
{
	const double *e = ev->e;

	if (ev->range_kb <= VERDICT_MIN_GROWTH_KB)
		return SHAPE_FLAT;
	if (ev->net_kb < -0.35 * ev->range_kb)
		return SHAPE_FALLING;
	if (is_spiky(ev))
		return SHAPE_SPIKES;
	if (is_seasonal(ev))
		return SHAPE_SEASONAL;
	if (is_sawtooth(ev))
		return SHAPE_SAWTOOTH;
	if (e[EV_GIVE_BACK_RANGE] > 0.4 || ev->noise_kb > 0.12 * ev->range_kb)
		return SHAPE_NOISY;
	if (e[EV_STEP1] >= 0.3 && e[EV_RISES] < 3.2)
		return SHAPE_STEPS;
	if (e[EV_TAIL_SLOPE] > 1.35 && e[EV_LAPLACE] > 1)
		return ev->warmup.shape == WARMUP_HINGE && ev->warmup.gain > 6 ? SHAPE_LATE
									       : SHAPE_ACCELERATING;
	return e[EV_TAIL_SLOPE] < 0.65 ? SHAPE_SLOWING : SHAPE_LINEAR;
}

enum verdict_kind name_kind(const struct evidence *ev, double probability)
{
	const double *e = ev->e;

	if (ev->range_kb <= num_max(VERDICT_MIN_GROWTH_KB, 0.02 * ev->level_abs_kb))
		return VERDICT_STABLE;
	if (ev->net_kb < -0.35 * ev->range_kb && !is_sawtooth(ev) && !is_seasonal(ev) &&
	    !is_spiky(ev))
		return VERDICT_SHRINKING;
	if (ev->net_kb >= 0.4 * ev->range_kb) {
		if (e[EV_STEP1] >= 0.62 && e[EV_RISES] <= 1.7)
			return VERDICT_STEP;
		if (e[EV_TAIL_GROWTH] < 0.6 || probability < 0.08)
			return VERDICT_PLATEAU;
		return VERDICT_GROWING;
	}
	if (is_spiky(ev))
		return VERDICT_SPIKES;
	if (is_seasonal(ev))
		return VERDICT_SEASONAL;
	if (is_sawtooth(ev))
		return VERDICT_SAWTOOTH;
	return VERDICT_STABLE;
}
