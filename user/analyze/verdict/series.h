/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One measured value over time, in bounded memory: at most 64 equal buckets
 * that always cover the whole history (pairs are merged when it outgrows them),
 * and two rings of finer cells over its last fifth and last twentieth. Adding
 * a sample costs a few nanoseconds; what is kept depends on the samples only,
 * so a series read at once and one followed for days are the same.
 *
 * Values are KiB. Feed counts (descriptors, threads) times VERDICT_COUNT_KB.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "analyze/verdict/num.h"

#define SERIES_BUCKETS 64
#define SERIES_RINGS 2
#define SERIES_RING_CELLS 48
#define VERDICT_COUNT_KB 4.0 /* one count weighs as one page: the gates are in KiB */

/* The floor of each cell of the recent past; a cell is width / 4^(ring + 1) wide. */
struct series_ring {
	uint32_t first; /* number of the oldest cell kept, counted from the start of the series */
	uint32_t n;
	float floor[SERIES_RING_CELLS]; /* relative to v0; SERIES_EMPTY where nothing was sampled */
};

/* An alarm as a state with hysteresis: see many.h, alarm__look(). */
struct alarm_state {
	float since_s;	    /* first of the looks in a row that said leak, since the start */
	float until_s;	    /* last look */
	uint16_t streak;    /* looks in a row that said leak */
	uint16_t withdrawn; /* alarms taken back so far */
	bool on;
};

struct series {
	double t0, v0;	       /* first sample: times and values are kept relative to it */
	double width_s;	       /* of a bucket; 0 until two times are known */
	double last_s, last_v; /* of the last sample, relative */
	double open_sum;       /* of the bucket being filled */
	uint64_t n;	       /* samples taken */
	uint64_t n_judged;     /* n at the last look */
	uint32_t n_backward;   /* samples refused: their time lay before the last one's */
	uint32_t n_invalid;    /* samples refused: not finite */
	uint32_t open_n;
	uint16_t n_buckets; /* used, the open one included */
	float min, max;	    /* relative */
	struct alarm_state alarm;
	float floor[SERIES_BUCKETS]; /* lowest value, relative to v0 */
	float mean[SERIES_BUCKETS];
	uint16_t count[SERIES_BUCKETS]; /* samples, saturating; 0: a gap */
	struct series_ring ring[SERIES_RINGS];
};

_Static_assert(sizeof(struct series) <= 1228, "1.2 KiB a series");

#define SERIES_EMPTY 3.0e38f

/* All zero is an empty series. Returns false when the sample was refused (and counted). */
bool series__add(struct series *s, double t_seconds, double value_kb);

/* n samples of one value, evenly from first_s to last_s; more than SERIES_FLAT_MAX count as so
 * many, which the buckets hold as well. */
#define SERIES_FLAT_MAX 1024
void series__add_flat(struct series *s, double first_s, double last_s, uint64_t n, double value_kb);

/* Seconds from the first sample to the last. */
static inline double series__span_s(const struct series *s)
{
	return s->last_s;
}

/*
 * Whether it is time for another look: the series grew by some 5 % since the
 * last one, so that looks become rarer as the history grows. The caller sets
 * n_judged = n when it has looked.
 */
bool series__due(const struct series *s);

/*
 * A look could find a leak: the floors of late stand above the early ones, or
 * an alarm is on. For following many series; a report judges them all.
 */
bool series__rising(const struct series *s);

/* Enough samples and movement for a verdict other than stable or insufficient. */
bool series__moved(const struct series *s);
