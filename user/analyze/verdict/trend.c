/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/trend.h"

#include <string.h>

#define N WINDOW_MAX

double theil_sen(const double *x, const double *y, unsigned int n)
{
	double slope[N * (N - 1) / 2];
	size_t k = 0;

	for (unsigned int i = 0; i < n; i++)
		for (unsigned int j = i + 1; j < n; j++)
			slope[k++] = (y[j] - y[i]) / (x[j] - x[i]);
	return num_median(slope, k);
}

/* Mid-ranks, minus their mean; returns the correction of Var(S) for ties. */
static double centred_ranks(const double *y, unsigned int n, double *rank)
{
	double ties = 0;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int below = 0, same = 0;

		for (unsigned int j = 0; j < n; j++) {
			below += y[j] < y[i];
			same += y[j] == y[i];
		}
		rank[i] = below + 0.5 * (same - 1.0) - 0.5 * (n - 1.0);
		/* each of `same` members adds its share of t(t-1)(2t+5) */
		ties += (same - 1.0) * (2.0 * same + 5.0);
	}
	return ties;
}

/* Hamed and Rao: how much larger Var(S) is than for independent samples. */
static double rank_inflation(const double *x, const double *y, unsigned int n, double ts)
{
	double rest[N] = {0}, rank[N], c0 = 0, sum = 0, m = n;

	for (unsigned int i = 0; i < n; i++)
		rest[i] = y[i] - ts * x[i];
	centred_ranks(rest, n, rank);
	for (unsigned int i = 0; i < n; i++)
		c0 += rank[i] * rank[i];
	if (c0 <= 0)
		return 1;
	for (unsigned int lag = 1; lag <= n / 2; lag++) {
		double c = 0, left = m - lag, rho;

		for (unsigned int i = 0; i + lag < n; i++)
			c += rank[i] * rank[i + lag];
		rho = c / c0;
		if (rho * rho * m > 1.96 * 1.96)
			sum += left * (left - 1) * (left - 2) * rho;
	}
	return num_max(0.5, 1 + 2 * sum / (m * (m - 1) * (m - 2)));
}

double mann_kendall(const double *x, const double *y, unsigned int n, double ts, double *ret_plain)
{
	double rank[N], m = n, ties, var, s = 0, z;

	for (unsigned int i = 0; i < n; i++)
		for (unsigned int j = i + 1; j < n; j++)
			s += (y[j] > y[i]) - (y[j] < y[i]);
	ties = centred_ranks(y, n, rank);
	var = (m * (m - 1) * (2 * m + 5) - ties) / 18;
	if (ret_plain)
		*ret_plain = 0;
	if (var <= 0)
		return 0;
	z = (s > 0 ? s - 1 : s < 0 ? s + 1 : 0) / num_sqrt(var);
	if (ret_plain)
		*ret_plain = z;
	return z / num_sqrt(rank_inflation(x, y, n, ts));
}

void ols(const double *x, const double *y, unsigned int n, double *ret_slope, double *ret_sse)
{
	double mx = 0, my = 0, sxx = 0, sxy = 0, sse = 0, b;

	for (unsigned int i = 0; i < n; i++) {
		mx += x[i] / n;
		my += y[i] / n;
	}
	for (unsigned int i = 0; i < n; i++) {
		sxx += (x[i] - mx) * (x[i] - mx);
		sxy += (x[i] - mx) * (y[i] - my);
	}
	b = sxx > 0 ? sxy / sxx : 0;
	for (unsigned int i = 0; i < n; i++) {
		double r = y[i] - my - b * (x[i] - mx);

		sse += r * r;
	}
	*ret_slope = b;
	*ret_sse = sse;
}

double laplace(const double *x, const double *y, unsigned int n)
{
	double sum = 0, first = 0, squares = 0;
	double from = n ? x[0] : 0, width = n ? x[n - 1] - from : 0;

	for (unsigned int i = 1; i < n; i++) {
		double d = y[i] - y[i - 1];

		if (d <= 0)
			continue;
		sum += d;
		first += d * (0.5 * (x[i] + x[i - 1]) - from) / width;
		squares += d * d;
	}
	if (sum <= 0)
		return 0;
	return (first / sum - 0.5) / num_sqrt(squares / (12 * sum * sum));
}

double difference_noise(const double *y, unsigned int n)
{
	double d[N], mid;

	if (n < 3)
		return PAGE_NOISE_KB;
	for (unsigned int i = 1; i < n; i++)
		d[i - 1] = y[i] - y[i - 1];
	mid = num_median_of(d, n - 1);
	for (unsigned int i = 0; i + 1 < n; i++)
		d[i] = num_abs(d[i] - mid);
	return num_max(PAGE_NOISE_KB, 1.4826 * num_median(d, n - 1) / 1.41421356237309504880);
}
