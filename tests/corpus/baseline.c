/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "baseline.h"

#include <math.h>

bool naive_rule(const double *t, const double *v, unsigned int n)
{
	(void)t;
	return n > 1 && v[n - 1] > 1.10 * v[0];
}

bool mann_kendall_rule(const double *t, const double *v, unsigned int n)
{
	double s = 0, ties = 0, m = n, var;

	(void)t;
	for (unsigned int i = 0; i < n; i++) {
		double same = 0;

		for (unsigned int j = 0; j < n; j++) {
			if (j > i)
				s += (v[j] > v[i]) - (v[j] < v[i]);
			same += v[j] == v[i];
		}
		ties += (same - 1) * (2 * same + 5);
	}
	var = (m * (m - 1) * (2 * m + 5) - ties) / 18;
	return var > 0 && (s - 1) / sqrt(var) > 1.645;
}

bool regression_rule(const double *t, const double *v, unsigned int n)
{
	double mt = 0, mv = 0, stt = 0, svv = 0, stv = 0;

	for (unsigned int i = 0; i < n; i++) {
		mt += t[i] / n;
		mv += v[i] / n;
	}
	for (unsigned int i = 0; i < n; i++) {
		stt += (t[i] - mt) * (t[i] - mt);
		svv += (v[i] - mv) * (v[i] - mv);
		stv += (t[i] - mt) * (v[i] - mv);
	}
	return stv > 0 && svv > 0 && stv * stv >= 0.8 * stt * svv;
}
