/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What samples stand for. A block of `size` bytes is in the sample with the
 * probability p = 1 - exp(-size / interval), so it weighs size / p: summed over
 * the sample that is an unbiased estimate of all bytes (Horvitz and Thompson),
 * with the variance estimated by the sum of weight^2 * (1 - p).
 */
#pragma once

#include <math.h>
#include <stdint.h>

/* 1.96 standard errors: 95 % of a normal distribution. */
#define SAMPLE_ERROR_SIGMAS 1.96

struct sample_weight {
	double bytes;	 /* size / p */
	double variance; /* bytes^2 * (1 - p) */
};

static inline struct sample_weight sample_weigh(uint64_t size, uint64_t interval)
{
	double p = -expm1(-(double)size / (double)interval);
	struct sample_weight w = {.bytes = (double)size / p};

	w.variance = w.bytes * w.bytes * (1 - p);
	return w;
}
