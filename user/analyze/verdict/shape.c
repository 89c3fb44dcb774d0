/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/shape.h"

/* Swings that are shorter than a bucket: how far their mean lies above the floor, of the way to the
 * highest of all. Half of it for even teeth, less where they differ in height. */
#define TEETH_UP 0.25

bool passes_gates(const struct evidence *ev, const struct window *w, double min_rate_kb_h)
{
	/* where it swings, the first and the last tenth say where in a swing they lie */
	bool swings = ev->e[EV_GIVE_BACK] >= 0.7;

	return ev->trend_kb >= VERDICT_MIN_GROWTH_KB &&
	       (ev->net_kb >= VERDICT_MIN_GROWTH_KB || swings) &&
	       ev->trend_kb * 3600 >= min_rate_kb_h * w->span_s;
}

static unsigned int n_turns(const struct evidence *ev)
{
	return ev->turns.n_valleys + ev->turns.n_peaks;
}

/* Teeth: slow rises, fast falls, again and again. */
static bool is_sawtooth(const struct evidence *ev)
{
	double enough = n_turns(ev) >= 5 ? 0.2 : 0.4;
	double regular = n_turns(ev) >= 8 ? 0.5 : 0.75;

	return n_turns(ev) >= 3 && ev->e[EV_GIVE_BACK_RANGE] >= enough &&
	       (ev->e[EV_SKEW] > 0.25 || ev->period.strength > regular);
}

/*
 * Swings that are shorter than a bucket: their floors lie flat, their means
 * above them tell how long they are up (TEETH_UP).
 */
static bool swings_inside(const struct evidence *ev)
{
	double much = num_max(VERDICT_MIN_GROWTH_KB, 0.02 * ev->level_abs_kb);

	return ev->inner_kb > much && ev->mean_excess_kb > 0.5 * ev->range_kb;
}

/* As slow down as up, or slower (teeth are slow up): over periods, or one smooth cycle. */
static bool is_seasonal(const struct evidence *ev)
{
	bool even = ev->e[EV_SKEW] < 0.25 && ev->e[EV_GIVE_BACK_RANGE] >= 0.4;

	if (even && ev->period.lag >= 5 && ev->period.strength > 0.85)
		return true;
	if (!even || !n_turns(ev))
		return false;
	return ev->roughness < 0.07 || (ev->period.lag >= 5 && ev->period.strength > 0.55);
}

/*
 * The level sits near the bottom and leaves it for short times: between
 * buckets, or inside them, where only their means tell.
 */
static bool is_spiky(const struct evidence *ev)
{
	double much = num_max(VERDICT_MIN_GROWTH_KB, 0.02 * ev->level_abs_kb);

	if (ev->level_share < 0.22 && ev->e[EV_GIVE_BACK_RANGE] > 0.5 && ev->turns.n_peaks)
		return true;
	return ev->range_kb < 0.3 * ev->mean_range_kb && ev->mean_range_kb > much &&
	       ev->mean_share < 0.4;
}

static bool is_falling(const struct evidence *ev)
{
	return ev->net_kb < -0.35 * ev->range_kb && ev->range_kb > VERDICT_MIN_GROWTH_KB &&
	       n_turns(ev) <= 2;
}

static bool is_step(const struct evidence *ev)
{
	const double *e = ev->e;

	return (ev->jump_share >= 0.55 && e[EV_RISES] <= 2.1) ||
	       (e[EV_STEP2] >= 0.8 && e[EV_RISES] <= 1.4);
}

enum verdict_shape name_shape(const struct evidence *ev)
{
	const double *e = ev->e;

	if (is_falling(ev))
		return SHAPE_FALLING;
	if (swings_inside(ev) && ev->mean_excess_kb > TEETH_UP * ev->inner_kb)
		return SHAPE_SAWTOOTH;
	if (is_spiky(ev))
		return SHAPE_SPIKES;
	if (ev->range_kb <= VERDICT_MIN_GROWTH_KB)
		return SHAPE_FLAT;
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

	if (ev->cut_buckets >= 3 && e[EV_CUT] > 0.5 && !n_turns(ev))
		return VERDICT_PLATEAU;
	if (swings_inside(ev) && ev->mean_excess_kb > 0.02 * ev->level_abs_kb)
		return ev->mean_excess_kb > TEETH_UP * ev->inner_kb ? VERDICT_SAWTOOTH
								    : VERDICT_SPIKES;
	if (is_spiky(ev) && !is_falling(ev))
		return VERDICT_SPIKES;
	if (ev->range_kb <= num_max(VERDICT_MIN_GROWTH_KB, 0.02 * ev->level_abs_kb))
		return VERDICT_STABLE;
	if (is_falling(ev))
		return VERDICT_SHRINKING;
	if (is_seasonal(ev))
		return VERDICT_SEASONAL;
	if (is_sawtooth(ev))
		return VERDICT_SAWTOOTH;
	if (ev->net_kb >= 0.4 * ev->range_kb) {
		if (is_step(ev))
			return VERDICT_STEP;
		if (e[EV_TAIL_GROWTH] < 0.6 || probability < 0.08)
			return VERDICT_PLATEAU;
		return VERDICT_GROWING;
	}
	return VERDICT_STABLE;
}
