/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/kernel_modules.h"

static int compare(const void *a, const void *b)
{
	const struct kernel_module *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* "nf_tables 278528 1 nft_compat, Live 0xffffffffc0a00000 (OE)" */
static bool read_line(struct cursor line, struct kernel_module *ret)
{
	struct cursor name, skipped;
	uint64_t size;

	if (cursor_word(&line, &name) || cursor_u64(&line, &size))
		return false;
	for (int i = 0; i < 3; i++) /* users, their names, state */
		if (cursor_word(&line, &skipped))
			return false;
	return !cursor_hex(&line, &ret->start) && ret->start &&
	       !__builtin_add_overflow(ret->start, size, &ret->end) &&
	       cursor_copy(name, ret->name, sizeof(ret->name));
}

int kernel_modules_parse(struct cursor text, struct kernel_modules *ret)
{
	struct cursor line;
	int err = 0;

	ret->n = 0;
	while (!err && !cursor_line(&text, &line)) {
		struct kernel_module m = {};

		if (read_line(line, &m))
			err = vec_push(ret, m);
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare);
	return err;
}

/* From 6.4 on a module's data lies elsewhere and counts in its size: the nearest start before the
 * address decides. */
const struct kernel_module *kernel_modules__at(const struct kernel_modules *m, uint64_t addr)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->v[middle].start <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low && addr < m->v[low - 1].end ? &m->v[low - 1] : NULL;
}
