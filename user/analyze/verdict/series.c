/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/series.h"

#include <string.h>

#define MOVED_KB 32.0 /* below this nothing is called growth */
#define MIN_SAMPLES 8

static float weighted(float a, uint16_t na, float b, uint16_t nb)
{
	double wa = na, wb = nb;

	return (float)((wa * (double)a + wb * (double)b) / (wa + wb));
}

/* The mean of the open bucket is kept as a sum until the bucket is left. */
static void close_bucket(struct series *s)
{
	if (s->open_n)
		s->mean[s->n_buckets - 1] = (float)(s->open_sum / s->open_n);
}

static void merge_pair(struct series *s, unsigned int to, unsigned int a, unsigned int b)
{
	uint32_t both = (uint32_t)s->count[a] + s->count[b];

	if (!s->count[b] || !s->count[a]) {
		unsigned int from = s->count[a] ? a : b;

		s->floor[to] = s->floor[from];
		s->mean[to] = s->mean[from];
		s->count[to] = s->count[from];
		return;
	}
	s->mean[to] = weighted(s->mean[a], s->count[a], s->mean[b], s->count[b]);
	s->floor[to] = s->floor[a] < s->floor[b] ? s->floor[a] : s->floor[b];
	s->count[to] = both > UINT16_MAX ? UINT16_MAX : (uint16_t)both;
}

static void merge_ring(struct series_ring *r)
{
	uint32_t first = r->first / 2, n = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t to = (r->first + i) / 2 - first;

		if (to >= n) {
			n = to + 1;
			r->floor[to] = r->floor[i];
		} else if (r->floor[i] < r->floor[to]) {
			r->floor[to] = r->floor[i];
		}
	}
	r->first = first;
	r->n = n;
}

static void merge_all(struct series *s)
{
	unsigned int last = s->n_buckets - 1u;
	bool open_is_second = last % 2;

	close_bucket(s);
	if (open_is_second && s->open_n) {
		/* the open bucket joins its left neighbour and stays open */
		s->open_sum += (double)s->mean[last - 1] * s->count[last - 1];
		s->open_n += s->count[last - 1];
	}
	if (!open_is_second) /* the last pair is half: its partner is empty */
		s->count[last + 1] = 0;
	for (unsigned int i = 0; i <= last / 2; i++)
		merge_pair(s, i, 2 * i, 2 * i + 1);
	s->n_buckets = (uint16_t)(last / 2 + 1);
	s->width_s *= 2;
	for (int i = 0; i < SERIES_RINGS; i++)
		merge_ring(&s->ring[i]);
}

static void ring_add(struct series_ring *r, uint32_t cell, float v)
{
	uint32_t need, drop;

	/* a gap longer than the ring */
	if (!r->n || cell >= r->first + 2 * SERIES_RING_CELLS) {
		r->first = cell;
		r->n = 0;
	}
	need = cell + 1 - r->first;
	drop = need > SERIES_RING_CELLS ? need - SERIES_RING_CELLS : 0;
	if (drop) {
		uint32_t kept = drop < r->n ? r->n - drop : 0;

		memmove(r->floor, r->floor + drop, kept * sizeof(float));
		r->first += drop;
		r->n = kept;
	}
	while (cell >= r->first + r->n)
		r->floor[r->n++] = SERIES_EMPTY;
	if (v < r->floor[cell - r->first])
		r->floor[cell - r->first] = v;
}

static void bucket_add(struct series *s, unsigned int i, double v)
{
	float f = (float)v;

	if (i >= s->n_buckets) {
		close_bucket(s);
		while (s->n_buckets <= i)
			s->count[s->n_buckets++] = 0;
		s->open_sum = 0;
		s->open_n = 0;
		s->floor[i] = f;
	}
	s->open_sum += v;
	s->open_n++;
	s->mean[i] = (float)(s->open_sum / s->open_n);
	if (f < s->floor[i])
		s->floor[i] = f;
	if (s->count[i] < UINT16_MAX)
		s->count[i]++;
}

static void first_bucket(struct series *s)
{
	s->n_buckets = 1;
	s->count[0] = 0;
	s->floor[0] = 0;
	s->open_sum = 0;
	s->open_n = 0;
	bucket_add(s, 0, 0);
}

static void start(struct series *s, double t, double v)
{
	s->t0 = t;
	s->v0 = v;
	first_bucket(s);
	s->n = 1;
}

/* Index of a time in cells of this width; the caller knows that it fits. */
static uint32_t cell_of(double t, double width)
{
	return (uint32_t)(t / width);
}

static void place(struct series *s, double t, double v)
{
	bucket_add(s, s->width_s > 0 ? cell_of(t, s->width_s) : 0, v);
	for (int i = 0; i < SERIES_RINGS && s->width_s > 0; i++)
		ring_add(&s->ring[i], cell_of(t, s->width_s / (i ? 16 : 4)), (float)v);
}

/*
 * Whoever samples is often late with the second sample, being busy with its start, and buckets
 * as wide as that stall would hold a short run in a handful. With the third sample both times
 * are still known, and the width becomes the gap that goes on.
 */
static void forget_stall(struct series *s, double t)
{
	double second = s->last_s, gap = t - second;

	if (s->n != 2 || !(second > 0) || !(gap > 0) || gap >= second / 2)
		return;
	s->width_s = num_max(gap, second / (SERIES_BUCKETS - 1));
	memset(s->ring, 0, sizeof(s->ring));
	first_bucket(s);
	place(s, second, s->last_v);
}

bool series__add(struct series *s, double t_seconds, double value_kb)
{
	double t = t_seconds - s->t0, v = value_kb - s->v0;

	if (!(t_seconds > -1e18 && t_seconds < 1e18 && value_kb > -1e30 && value_kb < 1e30)) {
		s->n_invalid++;
		return false;
	}
	if (!s->n) {
		start(s, t_seconds, value_kb);
		return true;
	}
	if (t < s->last_s) {
		s->n_backward++;
		return false;
	}
	if (s->width_s == 0 && t > 0)
		s->width_s = t;
	forget_stall(s, t);
	while (s->width_s > 0 && t / s->width_s >= SERIES_BUCKETS)
		merge_all(s);
	place(s, t, v);
	s->min = (float)num_min(v, (double)s->min);
	s->max = (float)num_max(v, (double)s->max);
	s->last_s = t;
	s->last_v = v;
	s->n++;
	return true;
}

void series__add_flat(struct series *s, double first_s, double last_s, uint64_t n, double value_kb)
{
	uint64_t steps = n < SERIES_FLAT_MAX ? n : SERIES_FLAT_MAX;

	for (uint64_t i = 0; i < steps; i++) {
		double share = steps > 1 ? (double)i / (double)(steps - 1) : 1;

		series__add(s, i + 1 == steps ? last_s : first_s + (last_s - first_s) * share,
			    value_kb);
	}
}

bool series__moved(const struct series *s)
{
	return s->n >= MIN_SAMPLES && (double)s->max - (double)s->min >= MOVED_KB;
}

/*
 * Series that began together must not be due together for ever: the wait is
 * drawn out by up to a half, by what the series holds (so that the same samples
 * always give the same looks).
 */
static uint64_t wait_of(const struct series *s)
{
	uint64_t bits, h;
	double mixed = s->v0 * 0.61803398875 + s->last_v;

	memcpy(&bits, &mixed, sizeof(bits));
	h = (bits ^ s->n_judged) * 0x9e3779b97f4a7c15ULL >> 54; /* 0 .. 1023 */
	return s->n_judged * (1024 + h / 2) / 1024 / 25;	/* 4 to 6 % */
}

bool series__due(const struct series *s)
{
	return s->n >= MIN_SAMPLES && s->n - s->n_judged > wait_of(s);
}

static double lowest(const struct series *s, unsigned int from, unsigned int to)
{
	double v = 3e38;

	for (unsigned int i = from; i < to; i++)
		if (s->count[i])
			v = num_min(v, (double)s->floor[i]);
	return v;
}

bool series__rising(const struct series *s)
{
	unsigned int third = s->n_buckets / 3;

	if (s->n < MIN_SAMPLES || third < 2)
		return s->n >= MIN_SAMPLES;
	return s->alarm.on ||
	       lowest(s, s->n_buckets - third, s->n_buckets) > lowest(s, 0, third) + MOVED_KB / 2 ||
	       lowest(s, s->n_buckets - 3, s->n_buckets) >
		       lowest(s, third, 2 * third) + MOVED_KB / 2;
}
