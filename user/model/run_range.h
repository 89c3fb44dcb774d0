/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's main numbers over a whole run: first, last, least, most and mean of each. */
#pragma once

#include "model/moment.h"

enum range_kind {
	RANGE_USED, /* bytes up to RANGE_SLAB */
	RANGE_AVAILABLE,
	RANGE_CACHED,
	RANGE_ANON,
	RANGE_SHMEM,
	RANGE_SWAP,
	RANGE_SLAB,
	RANGE_PSI, /* hundredths of a percent: memory, some, avg10 */
	RANGE_PROCESSES,
	RANGE_FILES,
	_RANGE_MAX,
};

extern const char *const range_names[_RANGE_MAX]; /* "used" "available" … "open files" */

struct run_range {
	uint64_t n; /* moments that told it; 0: nothing below holds */
	uint64_t first, last, least, most;
	double sum;
};

struct run_ranges {
	struct run_range v[_RANGE_MAX];
};

void run_ranges__add(struct run_ranges *r, const struct moment *m);
