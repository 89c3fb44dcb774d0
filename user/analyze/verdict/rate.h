/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "analyze/verdict/verdict.h"

struct rate {
	double slope_kb, half_width_kb; /* over the window */
};

/* The growth that lasts, with an interval that holds the true rate of a leak
 * in about 95 % of cases (calibrated on training seeds, by tests/corpus/score). */
void lasting_rate(const struct evidence *ev, struct rate *ret);

/* Seconds until headroom_kb is used up at this rate. */
void time_to_exhaustion(const struct verdict_context *ctx, struct verdict *v);

/* Slowest steady leak that would have been called one in this window, KiB an hour. */
double detectable_rate(const struct window *w, const struct evidence *ev, double min_rate_kb_h);
