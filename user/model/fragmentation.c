/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/fragmentation.h"

#include <errno.h>

/* 128 bits: the counts come from a file, and are shifted by their order. */
struct free_space {
	unsigned __int128 pages, blocks;
	unsigned __int128 suitable; /* pages in blocks of the order asked for or larger */
};

static struct free_space sum_up(const struct buddy_zone *z, uint32_t order)
{
	struct free_space f = {0};

	for (uint32_t i = 0; i < z->n_orders; i++) {
		unsigned __int128 pages = (unsigned __int128)z->free[i] << i;

		f.pages += pages;
		f.blocks += z->free[i];
		if (i >= order)
			f.suitable += pages;
	}
	return f;
}

int unusable_index(const struct buddy_zone *z, uint32_t order, uint32_t *ret_permille)
{
	struct free_space f;

	if (order >= z->n_orders)
		return -EINVAL;
	f = sum_up(z, order);
	*ret_permille = f.pages ? (uint32_t)((f.pages - f.suitable) * 1000 / f.pages) : 1000;
	return 0;
}

int fragmentation_index(const struct buddy_zone *z, uint32_t order, uint32_t *ret_permille)
{
	struct free_space f;
	unsigned __int128 lack;

	if (order >= z->n_orders)
		return -EINVAL;
	f = sum_up(z, order);
	if (f.suitable)
		return -ENODATA;
	if (!f.blocks) {
		*ret_permille = 0;
		return 0;
	}
	/* at most 1000: no block reaches the order, so pages / 2^order < blocks */
	lack = (1000 + (f.pages * 1000 >> order)) / f.blocks;
	*ret_permille = lack > 1000 ? 0 : (uint32_t)(1000 - lack);
	return 0;
}
