/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/many.h"

/* Of the time observed, from the first look of the streak to the last. A series whose alarm was
 * withdrawn must leak for twice as long as before until it is believed again. */
#define ALARM_SPAN 0.12
#define ALARM_DOUBLINGS_MAX 2

static void sift(uint32_t *order, const double *p, size_t root, size_t n)
{
	for (;;) {
		size_t child = 2 * root + 1;
		uint32_t swap;

		if (child >= n)
			return;
		/* smallest on top: the sorted end holds the largest last, so sort descends */
		if (child + 1 < n && p[order[child + 1]] < p[order[child]])
			child++;
		if (p[order[root]] <= p[order[child]])
			return;
		swap = order[root];
		order[root] = order[child];
		order[child] = swap;
		root = child;
	}
}

static void sort_descending(uint32_t *order, const double *p, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(order, p, i, n);
	for (size_t end = n; end > 1; end--) {
		uint32_t swap = order[0];

		order[0] = order[end - 1];
		order[end - 1] = swap;
		sift(order, p, 0, end - 1);
	}
}

size_t keep_discoveries(const double *p, size_t n, double q, bool *keep, uint32_t *order)
{
	double expected_false = 0;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		order[i] = (uint32_t)i;
		keep[i] = false;
	}
	sort_descending(order, p, n);
	for (size_t i = 0; i < n; i++) {
		expected_false += 1 - p[order[i]];
		if (expected_false > q * (double)(i + 1))
			break;
		keep[order[i]] = true;
		kept++;
	}
	return kept;
}

static double wanted_span(const struct alarm_state *a)
{
	unsigned int n = a->withdrawn < ALARM_DOUBLINGS_MAX ? a->withdrawn : ALARM_DOUBLINGS_MAX;

	return ALARM_SPAN * (1U << n);
}

bool alarm__look(struct series *s, const struct verdict *v)
{
	struct alarm_state *a = &s->alarm;
	double now = series__span_s(s);
	bool was = a->on;

	if (v->kind == VERDICT_LEAK) {
		if (!a->streak)
			a->since_s = (float)now;
		a->until_s = (float)now;
		if (a->streak < UINT16_MAX)
			a->streak++;
		if (a->streak >= ALARM_LOOKS &&
		    (double)a->until_s - (double)a->since_s >= wanted_span(a) * now)
			a->on = true;
	} else {
		a->streak = 0;
		if (v->kind != VERDICT_GROWING)
			a->on = false;
	}
	if (was && !a->on && a->withdrawn < UINT16_MAX)
		a->withdrawn++;
	return a->on != was;
}
