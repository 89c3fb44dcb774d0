/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/evidence.h"

#include <string.h>

#include "analyze/verdict/rate.h"

#define N WINDOW_MAX
#define LEAST_TREND_KB 32.0

const char *const evidence_names[_EV_MAX] = {
	[EV_TREND_Z] = "trend_z",
	[EV_TREND_T] = "trend_t",
	[EV_MEAN_Z] = "mean_z",
	[EV_MEAN_T] = "mean_t",
	[EV_TAIL_SLOPE] = "tail_slope",
	[EV_TAIL_GROWTH] = "tail_growth",
	[EV_TAIL_FIFTH] = "tail_fifth",
	[EV_TAIL_T] = "tail_t",
	[EV_QUARTERS_LATE] = "quarters_late",
	[EV_QUARTERS_ALL] = "quarters_all",
	[EV_LAPLACE] = "laplace",
	[EV_LAPLACE_LATE] = "laplace_late",
	[EV_STEP1] = "step1",
	[EV_STEP2] = "step2",
	[EV_SINCE_RISE] = "since_rise",
	[EV_RISES] = "rises",
	[EV_VALLEY_Z] = "valley_z",
	[EV_TURN_Z] = "turn_z",
	[EV_VALLEYS] = "valleys",
	[EV_PERIOD_T] = "period_t",
	[EV_PERIOD_SLOPE] = "period_slope",
	[EV_PERSIST] = "persist",
	[EV_PERSIST_T] = "persist_t",
	[EV_CURVE_GAIN] = "curve_gain",
	[EV_GIVE_BACK] = "give_back",
	[EV_GIVE_BACK_RANGE] = "give_back_range",
	[EV_NOISE] = "noise",
	[EV_SPREAD] = "spread",
	[EV_MOVES_UP] = "moves_up",
	[EV_SIXTHS] = "sixths",
	[EV_SIXTHS_MEAN] = "sixths_mean",
	[EV_CUT] = "cut",
	[EV_NEW_HIGH] = "new_high",
	[EV_SKEW] = "skew",
	[EV_RATE_T] = "rate_t",
	[EV_ROOT] = "root",
	[EV_RISE_PACE] = "rise_pace",
};

const signed char evidence_push[_EV_MAX] = {
	[EV_TREND_Z] = 1,      [EV_TREND_T] = 1,     [EV_MEAN_Z] = 1,	    [EV_MEAN_T] = 1,
	[EV_TAIL_SLOPE] = 1,   [EV_TAIL_GROWTH] = 1, [EV_TAIL_T] = 1,	    [EV_QUARTERS_LATE] = 1,
	[EV_QUARTERS_ALL] = 1, [EV_LAPLACE] = 1,     [EV_LAPLACE_LATE] = 1, [EV_STEP1] = -1,
	[EV_STEP2] = -1,       [EV_SINCE_RISE] = -1, [EV_RISES] = 1,	    [EV_VALLEY_Z] = 1,
	[EV_TURN_Z] = 1,       [EV_PERIOD_T] = 1,    [EV_PERIOD_SLOPE] = 1, [EV_PERSIST] = 1,
	[EV_PERSIST_T] = 1,    [EV_SIXTHS] = 1,	     [EV_SIXTHS_MEAN] = 1,  [EV_RATE_T] = 1,
	[EV_RISE_PACE] = 1,
};

static double ratio(double a, double b)
{
	return b > 1e-9 ? num_clamp(a / b, -9, 9) : 0;
}

static unsigned int at_least(unsigned int n, unsigned int least)
{
	return n < least ? least : n;
}

/* Median of `count` points from `from`. */
static double level(const double *y, unsigned int n, unsigned int from, unsigned int count)
{
	if (from + count > n)
		from = n - count;
	return num_median_of(y + from, count);
}

static double lowest(const double *y, unsigned int from, unsigned int to)
{
	double v = y[from];

	for (unsigned int i = from + 1; i < to; i++)
		v = num_min(v, y[i]);
	return v;
}

static double highest(const double *y, unsigned int from, unsigned int to)
{
	double v = y[from];

	for (unsigned int i = from + 1; i < to; i++)
		v = num_max(v, y[i]);
	return v;
}

static double average(const double *y, unsigned int from, unsigned int to)
{
	double sum = 0;

	for (unsigned int i = from; i < to; i++)
		sum += y[i];
	return sum / (to - from);
}

static void weigh_tail(const struct window *w, struct evidence *ev)
{
	unsigned int n = w->m, from = n - at_least(n * 2 / 5, 4), last = n - at_least(n / 5, 4);
	double span = w->x[n - 1] - w->x[from], grown;
	struct robust_fit half;

	ev->e[EV_TAIL_SLOPE] =
		ratio(theil_sen(w->x + from, w->floor + from, n - from), ev->trend_kb);
	ev->mean_pace_kb =
		(level(w->floor, n, n - 3, 3) - level(w->floor, n, 0, 3)) / (w->x[n - 2] - w->x[1]);
	grown = level(w->floor, n, n - 3, 3) - level(w->floor, n, from, 3);
	ev->e[EV_TAIL_GROWTH] = ratio(grown, span * ev->net_kb);
	ev->e[EV_TAIL_FIFTH] =
		ratio(theil_sen(w->x + last, w->floor + last, n - last), ev->trend_kb);
	robust_trend(w->x + n / 2, w->mean + n / 2, n - n / 2, &half);
	ev->e[EV_TAIL_T] = half.t;
	ev->e[EV_LAPLACE] = laplace(w->x, w->floor, n);
	ev->e[EV_LAPLACE_LATE] = laplace(w->x + n / 2, w->floor + n / 2, n - n / 2);
}

static void weigh_quarters(const struct window *w, struct evidence *ev)
{
	double late = 9, all = 9;
	unsigned int n = w->m;

	for (unsigned int q = 0; q < 4; q++) {
		unsigned int a = q * n / 4, b = (q + 1) * n / 4;
		unsigned int k = (b - a) / 4 < 1 ? 1 : (b - a) / 4;
		double up = level(w->floor, n, b < n ? b : n - k, k) - level(w->floor, n, a, k);
		double r = ratio(up, ev->trend_kb / 4);

		all = num_min(all, r);
		if (q >= 2)
			late = num_min(late, r);
	}
	ev->e[EV_QUARTERS_LATE] = late;
	ev->e[EV_QUARTERS_ALL] = all;
}

static void weigh_sixths(const struct window *w, struct evidence *ev)
{
	double edge = num_max(ev->range_kb * 0.01, PAGE_NOISE_KB), low = 0, mid = 0;

	for (unsigned int s = 0; s < 6; s++) {
		unsigned int a = s * w->m / 6, b = (s + 1) * w->m / 6;
		double l = lowest(w->floor, a, b), m = average(w->mean, a, b);

		if (s) {
			ev->e[EV_SIXTHS] += l > low + edge;
			ev->e[EV_SIXTHS_MEAN] += m > mid + edge;
		}
		low = l;
		mid = m;
	}
}

/* Growth inside runs of at most 6 % of the buckets: one deploy, one table load. */
static void weigh_steps(const struct window *w, struct evidence *ev)
{
	unsigned int n = w->m, run = at_least(n * 6 / 100, 1), best_at = 0;
	double best = 0, second = 0, net = num_max(ev->net_kb, ev->trend_kb);

	for (unsigned int i = 0; i + run < n; i++) {
		double up = w->floor[i + run] - w->floor[i];

		if (up > best) {
			best = up;
			best_at = i;
		}
	}
	for (unsigned int i = 0; i + run < n; i++) {
		bool apart = i >= best_at + run || i + run <= best_at;

		if (apart)
			second = num_max(second, w->floor[i + run] - w->floor[i]);
	}
	for (unsigned int i = 0; i + 2 < n; i++)
		ev->jump_share = num_max(ev->jump_share, ratio(w->floor[i + 2] - w->floor[i], net));
	ev->e[EV_STEP1] = num_clamp(ratio(best, net), 0, 3);
	ev->e[EV_STEP2] = num_clamp(ratio(best + second, net), 0, 4);
}

/* The lasting floor: what the series never went below again. */
static void weigh_floor(const struct window *w, struct evidence *ev)
{
	double floor[N], last, step = num_max(0.02 * ev->range_kb, PAGE_NOISE_KB), back = 0;
	double when = 0;
	unsigned int n = w->m, at = 0, rises = 0;

	floor[n - 1] = w->floor[n - 1];
	for (unsigned int i = n - 1; i-- > 0;)
		floor[i] = num_min(w->floor[i], floor[i + 1]);
	last = floor[0];
	for (unsigned int i = 0; i < n; i++) {
		back = num_max(back, w->floor[i] - floor[i]);
		if (floor[i] >= last + step) {
			last = floor[i];
			rises++;
			when += w->x[i];
			at = i;
		}
	}
	ev->give_back_kb = back;
	ev->e[EV_SINCE_RISE] = w->x[n - 1] - w->x[at];
	ev->e[EV_RISES] = num_log(1.0 + rises);
	/* Laplace's statistic of events (Cox and Lewis 1966) */
	ev->e[EV_RISE_PACE] = rises ? (when / rises - 0.5) * num_sqrt(12.0 * rises) : 0;
	ev->e[EV_GIVE_BACK] = ev->trend_kb > 1 ? num_clamp(back / ev->trend_kb, 0, 9) : 9;
	ev->e[EV_GIVE_BACK_RANGE] = ratio(back, ev->range_kb);
}

static void weigh_moves(const struct window *w, struct evidence *ev)
{
	double d[N], size = 0, mean = 0, up = 0, moves = 0, edge = num_max(ev->noise_kb / 2, 2);
	double excess[N];
	unsigned int n = w->m;

	for (unsigned int i = 0; i + 1 < n; i++) {
		d[i] = w->floor[i + 1] - w->floor[i];
		size += num_abs(d[i]) / (n - 1);
		mean += d[i] / (n - 1);
		up += d[i] > edge;
		moves += num_abs(d[i]) > edge;
	}
	for (unsigned int i = 0; i + 2 < n; i++)
		excess[i] = num_abs(d[i + 1] - d[i]);
	ev->roughness = ratio(1.4826 / 2.449 * num_median(excess, n - 2), ev->range_kb);
	ev->e[EV_MOVES_UP] = moves > 0 ? up / moves : 0.5;
	ev->e[EV_SKEW] = size > 0 ? (num_median(d, n - 1) - mean) / size : 0;
	for (unsigned int i = 0; i < n; i++)
		excess[i] = w->mean[i] - w->floor[i];
	ev->mean_excess_kb = num_median(excess, n);
	ev->e[EV_SPREAD] = ratio(ev->mean_excess_kb, ev->range_kb);
}

static void weigh_waves(const struct window *w, struct evidence *ev)
{
	double threshold = num_max(num_max(ev->range_kb / 4, 5 * ev->noise_kb), 32);

	find_turns(w->x, w->floor, w->m, threshold, &ev->turns);
	find_period(w->x, w->floor, w->m, ev->trend_kb, &ev->period);
	ev->e[EV_VALLEY_Z] = ev->turns.valley_z;
	ev->e[EV_TURN_Z] = ev->turns.common_z;
	ev->e[EV_VALLEYS] = num_min(ev->turns.n_valleys, 6);
	ev->e[EV_PERIOD_T] = num_clamp(ev->period.t, -20, 20);
	ev->e[EV_PERIOD_SLOPE] = ratio(ev->period.slope, ev->trend_kb);
}

static void weigh_curve(const struct window *w, struct evidence *ev)
{
	struct rate rate;

	robust_trend(w->x, w->floor, w->m, &ev->line);
	ev->warmup = (struct warmup_fit){.gain = -1e9, .runner_up = -1e9};
	if (ev->trend_kb >= LEAST_TREND_KB) /* a third of the cost, and asked of growth only */
		warmup_fit(w->x, w->floor, w->m, &ev->line, &ev->warmup);
	ev->e[EV_TREND_T] = ev->line.t;
	ev->e[EV_CURVE_GAIN] = num_clamp(ev->warmup.gain, -10, 200);
	if (ev->warmup.gain > 0) {
		ev->e[EV_PERSIST] = ratio(ev->warmup.slope, ev->trend_kb);
		ev->e[EV_PERSIST_T] = ev->warmup.t;
	} else {
		ev->e[EV_PERSIST] = 1;
		ev->e[EV_PERSIST_T] = ev->line.t;
	}
	lasting_rate(ev, &rate);
	ev->e[EV_RATE_T] = num_clamp(rate.slope_kb / rate.half_width_kb, -9, 99);
	ev->e[EV_ROOT] = ev->line.root;
}

void evidence__weigh(const struct window *w, struct evidence *ret)
{
	unsigned int n = w->m, tenth = at_least(n / 10, 3);
	struct robust_fit mean_line;
	double mean_ts, plain_z;

	memset(ret, 0, sizeof(*ret));
	ret->trend_kb = theil_sen(w->x, w->floor, n);
	ret->net_kb = level(w->floor, n, n - tenth, tenth) - level(w->floor, n, 0, tenth);
	ret->range_kb = window_range(w->floor, n);
	ret->noise_kb = difference_noise(w->floor, n);
	ret->e[EV_TREND_Z] = mann_kendall(w->x, w->floor, n, ret->trend_kb, &plain_z);
	ret->trend_inflation = ret->e[EV_TREND_Z] != 0 ? plain_z / ret->e[EV_TREND_Z] : 1;
	ret->trend_inflation *= ret->trend_inflation;
	mean_ts = theil_sen(w->x, w->mean, n);
	ret->e[EV_MEAN_Z] = mann_kendall(w->x, w->mean, n, mean_ts, NULL);
	robust_trend(w->x, w->mean, n, &mean_line);
	ret->e[EV_MEAN_T] = mean_line.t;
	weigh_tail(w, ret);
	weigh_quarters(w, ret);
	weigh_sixths(w, ret);
	weigh_steps(w, ret);
	weigh_floor(w, ret);
	weigh_moves(w, ret);
	weigh_waves(w, ret);
	weigh_curve(w, ret);
	ret->e[EV_NOISE] = num_clamp(ret->noise_kb / num_max(ret->trend_kb, 1), 0, 9);
	ret->inner_kb = w->top_kb - num_median_of(w->floor, n);
	ret->mean_range_kb = window_range(w->mean, n);
	ret->mean_share =
		ratio(num_median_of(w->mean, n) - lowest(w->mean, 0, n), ret->mean_range_kb);
	ret->level_share =
		ratio(num_median_of(w->floor, n) - lowest(w->floor, 0, n), ret->range_kb);
	ret->cut_buckets = w->begin_s / w->span_s * n;
	ret->level_abs_kb = w->base_kb + highest(w->floor, 0, n);
	ret->e[EV_CUT] = ratio(w->cut_kb, w->cut_kb + ret->range_kb);
	ret->e[EV_NEW_HIGH] = ratio(
		lowest(w->floor, n - tenth, n) - highest(w->floor, 0, n * 2 / 3), ret->range_kb);
}
