/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/window.h"

#include <string.h>

#define STARTUP_KB 32.0
#define STARTUP_SHARE 0.4 /* of the range, gained in the first 5 % of the buckets */

double window_range(const double *y, unsigned int n)
{
	double lo = n ? y[0] : 0, hi = lo;

	for (unsigned int i = 1; i < n; i++) {
		lo = num_min(lo, y[i]);
		hi = num_max(hi, y[i]);
	}
	return hi - lo;
}

static void drop_first(struct window *w, unsigned int k)
{
	size_t left = (w->m - k) * sizeof(double);

	memmove(w->x, w->x + k, left);
	memmove(w->floor, w->floor + k, left);
	memmove(w->mean, w->mean + k, left);
	w->m -= k;
}

/*
 * Programs begin with a jump (reading files, filling pools) that says nothing
 * about what comes later and would hide it. Taken out in steps, because an
 * exponential start leaves a smaller start behind; never more than a fifth.
 */
static void cut_startup(struct window *w)
{
	unsigned int most = w->m / 5, cut = 0;
	double first = w->m ? w->floor[0] : 0;

	while (w->m > WINDOW_MIN + 2) {
		unsigned int k = w->m / 20 < 2 ? 2 : w->m / 20, drop = 0;
		double jump = w->floor[k] - w->floor[0];

		if (jump < STARTUP_KB || jump < STARTUP_SHARE * window_range(w->floor, w->m))
			break;
		while (drop < k && w->floor[drop] < w->floor[0] + 0.8 * jump)
			drop++;
		if (cut + drop > most)
			break;
		cut += drop;
		drop_first(w, drop);
	}
	w->cut_kb = cut ? w->floor[0] - first : 0;
}

/* Bucket numbers in w->x become places in [0,1]; width in seconds. */
static void finish(struct window *w, double width_s)
{
	double first, n;

	cut_startup(w);
	if (!w->m)
		return;
	first = w->x[0];
	n = w->x[w->m - 1] - first + 1;
	w->begin_s = first * width_s;
	w->span_s = n * width_s;
	w->n_gaps = (unsigned int)n - w->m;
	for (unsigned int i = 0; i < w->m; i++)
		w->x[i] = (w->x[i] - first + 0.5) / n;
}

static bool last_is_thin(const struct series *s)
{
	uint64_t others = s->n - s->open_n;

	return s->n_buckets > 1 && (uint64_t)s->open_n * 2 * (s->n_buckets - 1u) < others;
}

void window__all(const struct series *s, struct window *ret)
{
	unsigned int n = s->n_buckets;

	memset(ret, 0, sizeof(*ret));
	ret->base_kb = s->v0;
	ret->top_kb = (double)s->max;
	if (last_is_thin(s))
		n--;
	for (unsigned int i = 0; i < n; i++) {
		if (!s->count[i])
			continue;
		ret->x[ret->m] = i;
		ret->floor[ret->m] = (double)s->floor[i];
		ret->mean[ret->m] = (double)s->mean[i];
		ret->m++;
	}
	finish(ret, s->width_s);
}

bool window__ring(const struct series *s, unsigned int ring, struct window *ret)
{
	const struct series_ring *r = &s->ring[ring];
	double width = s->width_s / (ring ? 16 : 4);
	double interval = s->n > 1 ? s->last_s / (double)(s->n - 1) : 0;

	memset(ret, 0, sizeof(*ret));
	ret->base_kb = s->v0;
	if (!(width > 0.9 * interval) || r->n < SERIES_RING_CELLS / 2)
		return false;
	for (unsigned int i = 0; i + 1 < r->n; i++) { /* the last cell is still open */
		if (r->floor[i] >= SERIES_EMPTY)
			continue;
		ret->x[ret->m] = r->first + i;
		ret->mean[ret->m] = ret->floor[ret->m] = (double)r->floor[i];
		ret->m++;
	}
	if (ret->m < SERIES_RING_CELLS / 2 - 4)
		return false;
	finish(ret, width);
	return true;
}
