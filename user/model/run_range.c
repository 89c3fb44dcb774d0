/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/run_range.h"

#include <errno.h>

const char *const range_names[] = {
	[RANGE_USED] = "used",
	[RANGE_AVAILABLE] = "available",
	[RANGE_CACHED] = "cached",
	[RANGE_ANON] = "anonymous",
	[RANGE_SHMEM] = "shared memory and tmpfs",
	[RANGE_SWAP] = "swap in use",
	[RANGE_SLAB] = "slab",
	[RANGE_PSI] = "percent of 10 s that some task waited for memory",
	[RANGE_PROCESSES] = "processes",
	[RANGE_FILES] = "open files",
};

static int look_up(enum range_kind kind, const struct moment *m, uint64_t *ret)
{
	static const char *const lines[_RANGE_MAX] = {
		[RANGE_AVAILABLE] = "MemAvailable",
		[RANGE_CACHED] = "Cached",
		[RANGE_ANON] = "AnonPages",
		[RANGE_SHMEM] = "Shmem",
		[RANGE_SLAB] = "Slab",
	};
	const struct psi_line *some = &m->system->psi[PSI_MEMORY].some;
	uint64_t total, free_bytes;

	switch (kind) {
	case RANGE_USED:
		return moment__used(m, ret, &total);
	case RANGE_SWAP:
		if (moment__meminfo(m, "SwapTotal", &total) ||
		    moment__meminfo(m, "SwapFree", &free_bytes))
			return -ENOENT;
		*ret = total > free_bytes ? total - free_bytes : 0;
		return 0;
	case RANGE_PSI:
		*ret = some->avg10;
		return some->known ? 0 : -ENOENT;
	case RANGE_PROCESSES:
		*ret = m->n_procs;
		return m->n_procs ? 0 : -ENOENT;
	case RANGE_FILES:
		*ret = m->system->files.used;
		return m->system->err[SYSTEM_FILES] ? -ENOENT : 0;
	default:
		return moment__meminfo(m, lines[kind], ret);
	}
}

void run_ranges__add(struct run_ranges *r, const struct moment *m)
{
	for (int k = 0; k < _RANGE_MAX; k++) {
		struct run_range *range = &r->v[k];
		uint64_t value;

		if (look_up((enum range_kind)k, m, &value))
			continue;
		if (!range->n || value < range->least)
			range->least = value;
		if (!range->n || value > range->most)
			range->most = value;
		if (!range->n++)
			range->first = value;
		range->last = value;
		range->sum += (double)value;
	}
}
