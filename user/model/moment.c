/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/moment.h"

#include <errno.h>

int moment__meminfo(const struct moment *m, const char *name, uint64_t *ret)
{
	return meminfo_find(m->tick->meminfo.v, m->tick->meminfo.n, name, ret);
}

int moment__used(const struct moment *m, uint64_t *ret_used, uint64_t *ret_total)
{
	return meminfo_used(m->tick->meminfo.v, m->tick->meminfo.n, ret_used, ret_total);
}

int proc_growing_bytes(const struct proc_sample *p, uint64_t *ret)
{
	const uint32_t parts = 1u << PROC_ANON | 1u << PROC_SWAP | 1u << PROC_SHMEM;

	if ((p->known & parts) == parts)
		*ret = p->value[PROC_ANON] + p->value[PROC_SWAP] + p->value[PROC_SHMEM];
	else if (p->known & 1u << PROC_RSS)
		*ret = p->value[PROC_RSS];
	else
		return -ENOENT;
	return 0;
}
