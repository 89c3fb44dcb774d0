/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/range_map.h"

#include <stdlib.h>

int range_map__add(struct range_map *m, uint64_t start, uint64_t end, uint32_t item)
{
	if (start >= end)
		return 0;
	return vec_push(m, (struct range){start, end, end, item});
}

/* Of two with one start, the smaller one comes last: it is the inner one. */
static int compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->end != y->end)
		return x->end > y->end ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

void range_map__sort(struct range_map *m)
{
	uint64_t reach = 0;

	if (m->n)
		qsort(m->v, m->n, sizeof(*m->v), compare);
	vec_for_each(r, m) {
		if (r->end > reach)
			reach = r->end;
		r->reach = reach;
	}
}

const struct range *range_map__find(const struct range_map *m, uint64_t addr)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->v[middle].start <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	while (low-- && m->v[low].reach > addr)
		if (m->v[low].end > addr)
			return &m->v[low];
	return NULL;
}
