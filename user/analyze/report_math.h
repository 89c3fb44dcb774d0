/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums of numbers that may come from a damaged file: they stop at the end of
 * the range instead of passing it. */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/report.h"

static inline int64_t add_sat(int64_t a, int64_t b)
{
	int64_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return b < 0 ? INT64_MIN : INT64_MAX;
}

static inline uint64_t add_sat_u64(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* Of independent samples: their variances add up. */
static inline uint64_t add_errors(uint64_t a, uint64_t b)
{
	return (uint64_t)fmin(hypot((double)a, (double)b), 0x1p63);
}

static inline uint64_t magnitude(int64_t n)
{
	return n < 0 ? -(uint64_t)n : (uint64_t)n;
}

/* Towards zero, and into the range. */
static inline int64_t to_int64(double n)
{
	if (n != n)
		return 0;
	if (n >= 0x1p63)
		return INT64_MAX;
	return n < -0x1p63 ? INT64_MIN : (int64_t)n;
}

static inline int64_t live_sum(const struct owner_sample *o)
{
	int64_t sum = 0;

	for (int i = 0; i < _PAGE_CLASS_MAX; i++)
		sum = add_sat(sum, o->live[i]);
	return sum;
}

static inline bool is_target(const struct report_process *p)
{
	return p->flags & (PROC_TARGET | PROC_FOLLOWED);
}
