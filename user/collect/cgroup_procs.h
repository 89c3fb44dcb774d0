/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is in a cgroup: its cgroup.procs and those of every cgroup below it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* All zero is empty; can be filled again, freed with cgroup_procs__free(). */
struct cgroup_procs {
	uint32_t *v; /* ascending, each once */
	size_t n, cap;
	uint64_t n_skipped; /* cgroups that could not be read, and whose members are missing */
};

/*
 * `path` as in /proc/PID/cgroup ("/system.slice/x"), relative ("x/y"), or
 * below the mount point ("/sys/fs/cgroup/memory/x"); the last with any
 * hierarchy, the others in the unified one (v2) or else in the memory
 * controller's (v1, hybrid). Processes outside our PID namespace have no
 * number and are left out. Cgroups that vanish meanwhile are none.
 *
 * 0, -ENOENT (no such cgroup), -EINVAL (".." in the path), -EOPNOTSUPP (a
 * threaded cgroup: its processes are told by the domain above), -errno.
 * ret is changed on success only.
 */
int cgroup_procs__read(int root_fd, const char *path, struct cgroup_procs *ret);
void cgroup_procs__free(struct cgroup_procs *p);
