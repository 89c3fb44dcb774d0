/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/num.h"

#include <string.h>

#define LN2_HI 6.93147180369123816490e-01 /* ln 2 in two parts: k * LN2_HI is exact */
#define LN2_LO 1.90821492927058770002e-10

static double pow2(int k)
{
	uint64_t bits = (uint64_t)(k + 1023) << 52;
	double x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

double num_exp(double x)
{
	double r, sum = 1, term = 1;
	int k;

	if (x < -700)
		return 0;
	x = num_min(x, 700);
	k = (int)(x * 1.44269504088896340736 + (x < 0 ? -0.5 : 0.5));
	r = x - k * LN2_HI;
	r -= k * LN2_LO;
	for (int i = 1; i < 14; i++) {
		term = term * r / i;
		sum += term;
	}
	return sum * pow2(k);
}

double num_log(double x)
{
	double m, s, s2, sum = 0;
	uint64_t bits;
	int k;

	if (!(x > 1e-300))
		return -700;
	x = num_min(x, 1e300);
	memcpy(&bits, &x, sizeof(bits));
	k = (int)(bits >> 52) - 1023;
	m = x / pow2(k);
	if (m > 1.41421356237309504880) {
		m /= 2;
		k++;
	}
	/* ln m = 2 artanh((m - 1) / (m + 1)); |s| <= 0.172, so s^23 is below 1e-17 */
	s = (m - 1) / (m + 1);
	s2 = s * s;
	for (int i = 23; i >= 1; i -= 2)
		sum = sum * s2 + 1.0 / i;
	return k * LN2_HI + (2 * s * sum + k * LN2_LO);
}

double num_sqrt(double x)
{
	uint64_t bits;
	double y;

	if (!(x > 1e-300))
		return 0;
	x = num_min(x, 1e300);
	memcpy(&bits, &x, sizeof(bits));
	bits = (bits >> 1) + ((uint64_t)1023 << 51);
	memcpy(&y, &bits, sizeof(y));
	for (int i = 0; i < 5; i++)
		y = 0.5 * (y + x / y);
	return y;
}

static void swap(double *a, double *b)
{
	double t = *a;

	*a = *b;
	*b = t;
}

double num_select(double *v, size_t n, size_t k)
{
	size_t lo = 0, hi = n - 1;

	while (lo < hi) {
		size_t i = lo, j = hi, mid = lo + (hi - lo) / 2;
		double pivot;

		/* median of three: sorted input, the usual one here, stays linear */
		if (v[mid] < v[lo])
			swap(&v[mid], &v[lo]);
		if (v[hi] < v[lo])
			swap(&v[hi], &v[lo]);
		if (v[hi] < v[mid])
			swap(&v[hi], &v[mid]);
		pivot = v[mid];
		for (;;) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i >= j)
				break;
			swap(&v[i++], &v[j--]);
		}
		/* v[lo..j] <= pivot <= v[j+1..hi] unless the scan met on the pivot itself */
		if (i == j)
			j = v[i] > pivot ? i - 1 : i;
		if (k <= j)
			hi = j == hi ? hi - 1 : j;
		else
			lo = j + 1;
	}
	return v[k];
}

double num_median(double *v, size_t n)
{
	double upper, lower;

	if (!n)
		return 0;
	upper = num_select(v, n, n / 2);
	if (n % 2)
		return upper;
	lower = v[0];
	for (size_t i = 1; i < n / 2; i++)
		lower = num_max(lower, v[i]);
	return 0.5 * (lower + upper);
}

double num_median_of(const double *v, size_t n)
{
	double copy[64];

	n = n > 64 ? 64 : n;
	memcpy(copy, v, n * sizeof(*v));
	return num_median(copy, n);
}
