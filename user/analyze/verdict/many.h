/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many series at once, and one series over time: which verdicts may be
 * believed when thousands are looked at again and again.
 */
#pragma once

#include "analyze/verdict/verdict.h"

/*
 * Of the processes of a machine about this share leaks; judging all of them
 * uses this as verdict_context.prior. False alarms are then bounded by the
 * posterior, where controlling the p-values of trends would not help: false
 * alarms are significant trends of the wrong shape.
 */
#define MANY_PRIOR 0.03

/*
 * Of thousands some start, fill and end at any moment: compilers, tests, jobs.
 * What nobody asked for is called a leak after so many seconds at least.
 */
#define MANY_SPAN_S 600.0

/*
 * Bayesian false discovery control: keeps the most probable leaks as long as
 * the expected share of false ones among those kept is at most q (0.10).
 * p[i] are posteriors (verdict.leak_probability with the prior); keep[i] is
 * set for the kept. Returns how many. Needs order[n] as scratch.
 */
size_t keep_discoveries(const double *p, size_t n, double q, bool *keep, uint32_t *order);

/*
 * An alarm goes on after ALARM_LOOKS verdicts of leak in a row that span 12 %
 * of the time observed, and off when a verdict is neither leak nor growing
 * (which counts as withdrawn, and doubles the 12 % that the next one takes, up to
 * 48 %: what goes back and forth is not told over and over). Returns whether its
 * state changed.
 */
#define ALARM_LOOKS 4
bool alarm__look(struct series *s, const struct verdict *v);
