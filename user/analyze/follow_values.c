/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/follow_values.h"

#include <errno.h>

static bool knows(const struct proc_sample *p, enum proc_value value)
{
	return p->known & 1U << value;
}

/* Swap is added where it is known: memory that reclaim moves there has not shrunk. */
static int anon_swap(const struct proc_sample *p, uint64_t *ret)
{
	uint64_t swap = knows(p, PROC_SWAP) ? p->value[PROC_SWAP] : 0;

	if (!knows(p, PROC_ANON))
		return -ENOENT;
	if (__builtin_add_overflow(p->value[PROC_ANON], swap, ret))
		*ret = UINT64_MAX;
	return 0;
}

int follow_process_value(const struct proc_sample *p, enum follow_series series, uint64_t *ret)
{
	static const enum proc_value values[_FOLLOW_PROCESS_SERIES] = {
		[FOLLOW_SHMEM] = PROC_SHMEM,	 [FOLLOW_FDS] = PROC_FDS,
		[FOLLOW_THREADS] = PROC_THREADS, [FOLLOW_RSS] = PROC_RSS,
		[FOLLOW_HEAP] = PROC_HEAP,	 [FOLLOW_VSZ] = PROC_VSZ,
	};

	if (series == FOLLOW_ANON_SWAP)
		return anon_swap(p, ret);
	if (series >= _FOLLOW_PROCESS_SERIES || !knows(p, values[series]))
		return -ENOENT;
	*ret = p->value[values[series]];
	return 0;
}

static bool has(const struct cgroup_row *c, enum cgroup_value value)
{
	return c->known & 1U << value;
}

int follow_cgroup_value(const struct cgroup_row *c, uint64_t *ret)
{
	uint64_t cache, shmem = has(c, CGROUP_SHMEM) ? c->value[CGROUP_SHMEM] : 0;
	uint64_t use = c->value[CGROUP_CURRENT];

	if (!has(c, CGROUP_CURRENT))
		return -ENOENT;
	cache = has(c, CGROUP_FILE) ? c->value[CGROUP_FILE] : 0;
	cache = cache > shmem ? cache - shmem : 0;
	*ret = use > cache ? use - cache : 0;
	return 0;
}

int follow_cgroup_room(const struct cgroup_row *c, uint64_t *ret)
{
	uint64_t use;

	if (!has(c, CGROUP_MAX) || follow_cgroup_value(c, &use))
		return -ENOENT;
	*ret = c->value[CGROUP_MAX] > use ? c->value[CGROUP_MAX] - use : 0;
	return 0;
}

bool follow_ledger_line(const struct ledger *ledger, enum ledger_line line)
{
	return line != LEDGER_FREE && line != LEDGER_FREE_PCP && !ledger_lines[line].since_start &&
	       ledger->known & 1ULL << line;
}
