/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others do, for the table beside ours. */
#pragma once

#include <stdbool.h>

/* last > 1.10 * first */
bool naive_rule(const double *t, const double *v, unsigned int n);
/* Mann-Kendall, one-sided p < 0.05 */
bool mann_kendall_rule(const double *t, const double *v, unsigned int n);
/* least squares slope > 0 with R^2 >= 0.8 */
bool regression_rule(const double *t, const double *v, unsigned int n);
