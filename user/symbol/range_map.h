/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address ranges that may nest or overlap, each with the number of an item the
 * caller keeps. Add, sort once, then find. All zero is empty.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

struct range {
	uint64_t start, end; /* end is not in it */
	uint64_t reach;	     /* largest end up to here, in order */
	uint32_t item;
};

struct range_map {
	struct range *v;
	size_t n, cap;
};

/* An empty range is left out. 0 or -ENOMEM. */
int range_map__add(struct range_map *m, uint64_t start, uint64_t end, uint32_t item);
void range_map__sort(struct range_map *m);
/* The range with the last start that has the address in it; NULL: none. */
const struct range *range_map__find(const struct range_map *m, uint64_t addr);
