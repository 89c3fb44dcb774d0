/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/report_analysis.h"

const char *const consumer_rank_names[] = {
	[RANK_RSS] = "rss",   [RANK_PSS] = "pss",   [RANK_USS] = "uss",
	[RANK_ANON] = "anon", [RANK_SWAP] = "swap", [RANK_VSZ] = "vsz",
};

const char *const look_kind_names[] = {
	[LOOK_MEMORY] = "memory",     [LOOK_OOM_KILL] = "oom-kill",
	[LOOK_GROWTH] = "growth",     [LOOK_FDS] = "fds",
	[LOOK_FD_TABLE] = "fd-table", [LOOK_SEGMENTS] = "sysv",
	[LOOK_SHM] = "shm",	      [LOOK_TMPFS] = "tmpfs",
	[LOOK_ZOMBIES] = "zombies",   [LOOK_LEFT_BEHIND] = "left-behind",
	[LOOK_PRESSURE] = "pressure", [LOOK_CGROUP] = "cgroup",
	[LOOK_UNNAMED] = "unnamed",   [LOOK_HIDDEN] = "hidden",
};

void report_analysis__free(struct report_analysis *a)
{
	if (!a)
		return;
	vec_for_each(c, &a->consumers)
		free(c->cgroup);
	analysis__free(&a->now);
	analysis__free(&a->before);
	vec_free(&a->looks);
	vec_free(&a->consumers);
	vec_free(&a->files);
	vec_free(&a->segments);
	vec_free(&a->shm);
	vec_free(&a->tmpfs);
	free(a);
}
