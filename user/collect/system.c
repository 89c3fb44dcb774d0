/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/system.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collect/buddyinfo.h"
#include "collect/cgroup_stats.h"
#include "collect/file_nr.h"
#include "collect/psi.h"
#include "collect/slabinfo.h"
#include "collect/swaps.h"
#include "collect/vmstat.h"
#include "collect/zram.h"

static int read_psi(int root_fd, struct system_sample *s)
{
	return psi_read(root_fd, s->psi);
}

static int read_vmstat(int root_fd, struct system_sample *s)
{
	return vmstat_read(root_fd, &s->vmstat);
}

static int read_zswap(int root_fd, struct system_sample *s)
{
	return zswap_read(root_fd, &s->zswap);
}

static int read_files(int root_fd, struct system_sample *s)
{
	return file_nr_read(root_fd, &s->files);
}

static int read_cgroups(int root_fd, struct system_sample *s)
{
	return cgroup_list__read(root_fd, &s->cgroups);
}

/* To add a part: an enum system_part, its name, its members, a line here. */
static int (*const readers[_SYSTEM_PART_MAX])(int root_fd, struct system_sample *s) = {
	[SYSTEM_PSI] = read_psi,
	[SYSTEM_VMSTAT] = read_vmstat,
	[SYSTEM_SWAPS] = swaps_read,
	[SYSTEM_ZRAM] = zram_read,
	[SYSTEM_ZSWAP] = read_zswap,
	[SYSTEM_BUDDYINFO] = buddyinfo_read,
	[SYSTEM_PAGETYPE] = pagetypeinfo_read,
	[SYSTEM_SLABINFO] = slabinfo_read,
	[SYSTEM_FILES] = read_files,
	[SYSTEM_CGROUPS] = read_cgroups,
};

int system_read(int root_fd, uint32_t parts, struct system_sample *ret)
{
	struct cgroup_list known = ret->cgroups;

	ret->cgroups = (struct cgroup_list){0};
	system_sample__clear(ret);
	ret->cgroups = known; /* their names are not looked up again */
	for (int i = 0; i < _SYSTEM_PART_MAX; i++) {
		if (!(parts & 1u << i))
			continue;
		ret->err[i] = readers[i](root_fd, ret);
		if (ret->err[i] == -ENOMEM)
			return -ENOMEM;
	}
	if (ret->err[SYSTEM_CGROUPS])
		cgroup_list__clear(&ret->cgroups);
	return 0;
}

/* A machine without compressed swap misses nothing. */
static bool is_missing(const struct system_sample *s, enum system_part part)
{
	int err = s->err[part];

	if (!err || err == -ENODATA)
		return false;
	return err != -ENOENT || (part != SYSTEM_ZRAM && part != SYSTEM_ZSWAP);
}

int system_limits(const struct system_sample *s, struct limits *l)
{
	char list[LIMIT_MEANING_SIZE - 48] = "";
	uint64_t n_missing = 0;
	size_t len = 0;
	int err = 0;

	for (int i = 0; i < _SYSTEM_PART_MAX; i++) {
		bool absent = s->err[i] == -ENOENT;

		if (!is_missing(s, (enum system_part)i))
			continue;
		if (len < sizeof(list))
			len += (size_t)snprintf(
				list + len, sizeof(list) - len, "%s%s%s%s%s", n_missing ? ", " : "",
				system_part_names[i], absent ? "" : " (",
				absent ? "" : strerror(-s->err[i]), absent ? "" : ")");
		n_missing++;
	}
	if (n_missing)
		err = limits__set(l, "system_parts_missing", n_missing,
				  "not there, or not to be read: %s", list);
	if (!err && s->cgroups.n_skipped)
		err = limits__set(l, "cgroups_skipped", s->cgroups.n_skipped,
				  "cgroups that could not be read, or were too many, and are in no "
				  "log");
	return err;
}
