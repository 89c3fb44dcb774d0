/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic whose results are the same on every machine: only operations
 * that IEEE 754 rounds correctly (+ - * /), no libm, and no fused multiply-add
 * (gcc contracts by default on arm64; clang inside one expression). Every file
 * of this directory includes this header before anything that computes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

#define NUM_INFINITY __builtin_inf()

double num_exp(double x);  /* relative error below 1e-14; 0 below -700, capped at exp(700) */
double num_log(double x);  /* x > 0, else -700; absolute error below 1e-14 */
double num_sqrt(double x); /* 0 for x <= 0; within one ulp */

/* Both reorder v. n == 0 gives 0. An even n gives the mean of the middle two. */
double num_median(double *v, size_t n);
double num_select(double *v, size_t n, size_t k); /* k-th smallest, k < n */

/* Median of a copy; n <= 64. */
double num_median_of(const double *v, size_t n);

static inline double num_min(double a, double b)
{
	return a < b ? a : b;
}

static inline double num_max(double a, double b)
{
	return a > b ? a : b;
}

static inline double num_clamp(double x, double lo, double hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

static inline double num_abs(double x)
{
	return x < 0 ? -x : x;
}
