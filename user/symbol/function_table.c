/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/function_table.h"

#include <stdlib.h>
#include <string.h>

int function_table__add(struct function_table *t, const struct function_symbol *f)
{
	return vec_push(&t->functions, *f);
}

/* malloc rather than __libc_malloc, puts rather than _IO_puts, and always the same. */
static int compare_names(const struct function_symbol *x, const struct function_symbol *y)
{
	size_t x_len = strlen(x->name), y_len = strlen(y->name);
	size_t x_low = strspn(x->name, "_"), y_low = strspn(y->name, "_");

	if (x->binding != y->binding)
		return x->binding < y->binding ? -1 : 1;
	if (x_low != y_low)
		return x_low < y_low ? -1 : 1;
	if (x_len != y_len)
		return x_len < y_len ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int compare(const void *a, const void *b)
{
	const struct function_symbol *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (!x->size != !y->size)
		return x->size ? -1 : 1;
	return compare_names(x, y);
}

int function_table__sort(struct function_table *t)
{
	size_t n = t->functions.n;
	struct function_symbol *v = t->functions.v;

	if (n)
		qsort(v, n, sizeof(*v), compare);
	t->ranges.n = 0;
	for (size_t i = 0, next; i < n; i = next) {
		uint64_t end;
		int err;

		for (next = i + 1; next < n && v[next].start == v[i].start;)
			next++;
		if (v[i].size) {
			if (__builtin_add_overflow(v[i].start, v[i].size, &end))
				continue;
		} else {
			end = v[i].limit;
			if (next < n && v[next].start < end)
				end = v[next].start;
		}
		err = range_map__add(&t->ranges, v[i].start, end, (uint32_t)i);
		if (err)
			return err;
	}
	range_map__sort(&t->ranges);
	return 0;
}

const char *function_table__find(const struct function_table *t, uint64_t addr)
{
	const struct range *r = range_map__find(&t->ranges, addr);

	return r ? t->functions.v[r->item].name : NULL;
}

void function_table__free(struct function_table *t)
{
	vec_free(&t->functions);
	vec_free(&t->ranges);
}
