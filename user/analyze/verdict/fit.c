/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/trend.h"

#include <string.h>

#define N WINDOW_MAX
#define VARIANCE_FLOOR (PAGE_NOISE_KB * PAGE_NOISE_KB)

/* Columns of the quasi-differenced regression; the first sample is spent. */
struct columns {
	unsigned int n;
	bool unit_root; /* the constant vanishes from the differences */
	double one[N], x[N], y[N], extra[N];
};

static double dot(const double *a, const double *b, unsigned int n)
{
	double sum = 0;

	for (unsigned int i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* a -= its projection on b; returns the coefficient. */
static double project_out(double *a, const double *b, double bb, unsigned int n)
{
	double c = bb > 1e-30 ? dot(a, b, n) / bb : 0;

	for (unsigned int i = 0; i < n; i++)
		a[i] -= c * b[i];
	return c;
}

static void quasi_difference(const double *v, unsigned int n, double root, double *ret)
{
	for (unsigned int i = 1; i < n; i++)
		ret[i - 1] = v[i] - root * v[i - 1];
}

static void columns_make(const double *x, const double *y, unsigned int n, double root,
			 struct columns *ret)
{
	ret->n = n - 1;
	ret->unit_root = root >= 1;
	for (unsigned int i = 0; i < ret->n; i++)
		ret->one[i] = 1 - root;
	quasi_difference(x, n, root, ret->x);
	quasi_difference(y, n, root, ret->y);
	if (!ret->unit_root) {
		double ones = dot(ret->one, ret->one, ret->n);

		project_out(ret->x, ret->one, ones, ret->n);
		project_out(ret->y, ret->one, ones, ret->n);
	}
}

/* Long-run over short-run variance of residuals, Bartlett weights; at least 1. */
static double bartlett(const double *r, unsigned int n)
{
	double c0 = dot(r, r, n), factor = 1;
	unsigned int lags = n > 40 ? 4 : 3;

	if (c0 <= 0)
		return 1;
	for (unsigned int l = 1; l <= lags && l < n; l++)
		factor += 2 * (1 - l / (lags + 1.0)) * dot(r, r + l, n - l) / c0;
	return num_max(1, factor);
}

static double residual_root(const double *x, const double *y, unsigned int n)
{
	double r[N], slope, sse, mx = 0, my = 0, c0 = 0, c1 = 0, a, off;

	ols(x, y, n, &slope, &sse);
	for (unsigned int i = 0; i < n; i++) {
		mx += x[i] / n;
		my += y[i] / n;
	}
	for (unsigned int i = 0; i < n; i++)
		r[i] = y[i] - my - slope * (x[i] - mx);
	for (unsigned int i = 1; i < n; i++) {
		c0 += r[i - 1] * r[i - 1];
		c1 += r[i] * r[i - 1];
	}
	if (c0 <= VARIANCE_FLOOR * n)
		return 0;
	a = c1 / c0;
	a += (2 + 4 * a) / n; /* bias of the least squares estimate */
	off = num_abs(a - 1);
	if (off * off * n < 1 || a > 1)
		return 1;
	return num_max(a, -0.5);
}

void robust_trend(const double *x, const double *y, unsigned int n, struct robust_fit *ret)
{
	struct columns c;
	double xx, s2;
	unsigned int df;

	memset(ret, 0, sizeof(*ret));
	ret->inflation = 1;
	if (n < 4)
		return;
	ret->root = residual_root(x, y, n);
	columns_make(x, y, n, ret->root, &c);
	df = c.n - (c.unit_root ? 1 : 2);
	xx = dot(c.x, c.x, c.n);
	ret->slope = project_out(c.y, c.x, xx, c.n);
	ret->inflation = bartlett(c.y, c.n);
	ret->sse = num_max(dot(c.y, c.y, c.n), VARIANCE_FLOOR * c.n);
	s2 = ret->sse / df * ret->inflation;
	ret->se = num_sqrt(s2 / xx);
	ret->t = ret->slope / ret->se;
}

/* The curves that are tried. Rates of 1 - exp(-x/tau) by recursion: x is nearly even. */
static const double exp_tau[] = {0.02, 0.035, 0.06, 0.1, 0.15, 0.22, 0.32, 0.46, 0.68, 1.0};
static const double log_tau[] = {0.005, 0.02, 0.08, 0.3};
static const double knots[] = {0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4,
			       0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8};

static void curve(enum warmup_shape shape, double at, const double *x, unsigned int n, double *ret)
{
	double decay = 0, step = 0, dx = n > 1 ? (x[n - 1] - x[0]) / (n - 1) : 1;

	if (shape == WARMUP_EXP) {
		decay = num_exp(-x[0] / at);
		step = num_exp(-dx / at);
	}
	for (unsigned int i = 0; i < n; i++) {
		if (shape == WARMUP_HINGE)
			ret[i] = x[i] < at ? x[i] - at : 0;
		else if (shape == WARMUP_LOG)
			ret[i] = num_log(1 + x[i] / at);
		else if (i && num_abs(x[i] - x[i - 1] - dx) > 1e-9)
			ret[i] = 1 - (decay = num_exp(-x[i] / at)); /* after a gap */
		else
			ret[i] = 1 - (i ? decay *= step : decay);
	}
}

static void try_curve(const struct columns *base, const struct robust_fit *line, double root,
		      const double *g, struct warmup_fit *ret)
{
	struct columns c = *base;
	double gg, xx, sse, m = base->n + 1;

	quasi_difference(g, base->n + 1, root, c.extra);
	if (!c.unit_root)
		project_out(c.extra, c.one, dot(c.one, c.one, c.n), c.n);
	gg = dot(c.extra, c.extra, c.n);
	project_out(c.x, c.extra, gg, c.n);
	project_out(c.y, c.extra, gg, c.n);
	xx = dot(c.x, c.x, c.n);
	if (xx < 1e-12)
		return;
	ret->slope = project_out(c.y, c.x, xx, c.n);
	sse = num_max(dot(c.y, c.y, c.n), VARIANCE_FLOOR * c.n);
	ret->gain = m * num_log(line->sse / sse) - 2 * num_log(m);
	ret->se = num_sqrt(sse / (c.n - 3) * bartlett(c.y, c.n) / xx);
	ret->t = ret->slope / ret->se;
}

struct family {
	enum warmup_shape shape;
	unsigned int n;
	const double *at;
};

#define FAMILY(kind, list)                                                                         \
	{                                                                                          \
		kind, sizeof(list) / sizeof((list)[0]), list                                       \
	}

static const struct family families[] = {
	FAMILY(WARMUP_EXP, exp_tau),
	FAMILY(WARMUP_LOG, log_tau),
	FAMILY(WARMUP_HINGE, knots),
};

static void try_at(const struct family *family, double at, const struct columns *base,
		   const double *x, const struct robust_fit *line, struct warmup_fit *best)
{
	struct warmup_fit f = {.shape = family->shape, .at = at, .gain = -1e9};
	double g[N];

	curve(f.shape, f.at, x, base->n + 1, g);
	try_curve(base, line, line->root, g, &f);
	if (f.gain > best->gain)
		*best = f;
}

/* tau between the grid's: the slope that is left depends on it more than the fit does. */
static void refine(const struct family *family, const struct columns *base, const double *x,
		   const struct robust_fit *line, struct warmup_fit *best)
{
	double step = 1.22; /* half a step of the grid */

	for (int i = 0; i < 3; i++) {
		double at = best->at;

		try_at(family, at * step, base, x, line, best);
		try_at(family, at / step, base, x, line, best);
		step = 1 + (step - 1) / 2;
	}
}

static void try_family(const struct family *family, const struct columns *base, const double *x,
		       const struct robust_fit *line, struct warmup_fit *best)
{
	struct warmup_fit mine = {.gain = -1e9};

	for (unsigned int i = 0; i < family->n; i++)
		try_at(family, family->at[i], base, x, line, &mine);
	if (family->shape == WARMUP_EXP && mine.gain > 6)
		refine(family, base, x, line, &mine);
	if (family->shape == WARMUP_EXP) {
		best->exp_slope = mine.slope;
		best->exp_se = mine.se;
		best->exp_gain = mine.gain;
	}
	if (mine.gain > best->gain) {
		mine.runner_up = best->gain;
		mine.exp_slope = best->exp_slope;
		mine.exp_se = best->exp_se;
		mine.exp_gain = best->exp_gain;
		*best = mine;
	} else {
		best->runner_up = num_max(best->runner_up, mine.gain);
	}
}

void warmup_fit(const double *x, const double *y, unsigned int n, const struct robust_fit *line,
		struct warmup_fit *ret)
{
	struct columns base;

	*ret = (struct warmup_fit){.gain = -1e9, .runner_up = -1e9};
	if (n < WINDOW_MIN)
		return;
	columns_make(x, y, n, line->root, &base);
	for (unsigned int i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		try_family(&families[i], &base, x, line, ret);
}
