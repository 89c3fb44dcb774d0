/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/wave.h"

#include <string.h>

#define N WINDOW_MAX

/* Student's t with df degrees of freedom as a normal deviate (Wallace 1959, simple form). */
static double normal_deviate(double t, double df)
{
	return t * (1 - 1 / (4 * df)) / num_sqrt(1 + t * t / (2 * df));
}

struct point_set {
	unsigned int n;
	double x[N], y[N];
};

/* Sums about the set's own mean. */
static void centred_sums(const struct point_set *p, double *sxx, double *sxy, double *syy)
{
	double mx = 0, my = 0;

	for (unsigned int i = 0; i < p->n; i++) {
		mx += p->x[i] / p->n;
		my += p->y[i] / p->n;
	}
	for (unsigned int i = 0; i < p->n; i++) {
		*sxx += (p->x[i] - mx) * (p->x[i] - mx);
		*sxy += (p->x[i] - mx) * (p->y[i] - my);
		*syy += (p->y[i] - my) * (p->y[i] - my);
	}
}

static double slope_z(double sxx, double sxy, double syy, double df, double *ret_slope,
		      double *ret_se)
{
	double b = sxx > 0 ? sxy / sxx : 0, sse = syy - b * sxy, se;

	sse = num_max(sse, df * 1.44); /* the page noise */
	se = sxx > 0 ? num_sqrt(sse / df / sxx) : 1;
	*ret_slope = b;
	*ret_se = se;
	return normal_deviate(b / se, df);
}

static void add_point(struct point_set *p, double x, double y)
{
	p->x[p->n] = x;
	p->y[p->n++] = y;
}

/* Both ends are no turns: nobody knows what was before and what comes. */
static void zigzag(const double *x, const double *y, unsigned int n, double threshold,
		   struct point_set *valleys, struct point_set *peaks)
{
	unsigned int lo = 0, hi = 0;
	int direction = 0;

	for (unsigned int i = 1; i < n; i++) {
		if (y[i] < y[lo])
			lo = i;
		if (y[i] > y[hi])
			hi = i;
		if (direction >= 0 && y[hi] - y[i] >= threshold) {
			if (direction > 0 || hi > 0)
				add_point(peaks, x[hi], y[hi]);
			direction = -1;
			lo = hi = i;
		} else if (direction <= 0 && y[i] - y[lo] >= threshold) {
			if (direction < 0 || lo > 0)
				add_point(valleys, x[lo], y[lo]);
			direction = 1;
			lo = hi = i;
		}
	}
}

void find_turns(const double *x, const double *y, unsigned int n, double threshold,
		struct turns *ret)
{
	struct point_set valleys = {0}, peaks = {0};
	double sxx = 0, sxy = 0, syy = 0, slope, se;

	memset(ret, 0, sizeof(*ret));
	zigzag(x, y, n, threshold, &valleys, &peaks);
	ret->n_valleys = valleys.n;
	ret->n_peaks = peaks.n;
	if (valleys.n)
		centred_sums(&valleys, &sxx, &sxy, &syy);
	if (valleys.n >= 3)
		ret->valley_z = slope_z(sxx, sxy, syy, valleys.n - 2.0, &slope, &se);
	if (valleys.n + peaks.n < 4)
		return;
	if (peaks.n)
		centred_sums(&peaks, &sxx, &sxy, &syy);
	ret->common_z = slope_z(sxx, sxy, syy, valleys.n + peaks.n - 3.0, &ret->common_slope,
				&ret->common_se);
}

/* First peak of the autocorrelation after it has once been low. */
static unsigned int best_lag(const double *r, unsigned int n, double *ret_strength)
{
	unsigned int best = 0;
	double c0 = 0, top = 0;
	bool dipped = false;

	for (unsigned int i = 0; i < n; i++)
		c0 += r[i] * r[i];
	for (unsigned int lag = 1; c0 > 0 && lag <= n / 2; lag++) {
		double c = 0;

		for (unsigned int i = 0; i + lag < n; i++)
			c += r[i] * r[i + lag];
		c = c / c0 * n / (n - lag);
		dipped = dipped || c < 0.1;
		if (dipped && c > top) {
			top = c;
			best = lag;
		}
	}
	*ret_strength = top;
	return best;
}

void find_period(const double *x, const double *y, unsigned int n, double ts, struct period *ret)
{
	double r[N] = {0}, d[N], mean = 0, var = 0, dx, mid;
	unsigned int lag, m;

	memset(ret, 0, sizeof(*ret));
	for (unsigned int i = 0; i < n; i++)
		r[i] = y[i] - ts * x[i];
	mid = num_median_of(r, n);
	for (unsigned int i = 0; i < n; i++)
		r[i] -= mid;
	lag = best_lag(r, n, &ret->strength);
	if (!lag || ret->strength < 0.2)
		return;
	m = n - lag;
	dx = (x[n - 1] - x[0]) / (n - 1) * lag;
	for (unsigned int i = 0; i < m; i++) {
		d[i] = (y[i + lag] - y[i]) / dx;
		mean += d[i] / m;
	}
	for (unsigned int l = 0; l < lag && l < m; l++) {
		double c = 0;

		for (unsigned int i = 0; i + l < m; i++)
			c += (d[i] - mean) * (d[i + l] - mean) / m;
		var += (l ? 2 * (1 - (double)l / lag) : 1) * c;
	}
	ret->lag = lag;
	ret->slope = mean;
	ret->se = num_sqrt(num_max(var, 1.44 / (dx * dx)) / m);
	ret->t = mean / ret->se;
}
