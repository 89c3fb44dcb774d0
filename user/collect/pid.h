/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of one process, from /proc below root_fd. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/parse.h"
#include "model/tick.h"

/* What /proc/PID/stat says. comm may hold blanks and parentheses: it ends at the LAST ')'. */
struct pid_stat {
	char comm[COMM_SIZE];
	char state;
	uint32_t ppid;
	uint32_t flags; /* PF_*: PF_KTHREAD is 0x00200000 */
	uint32_t n_threads;
	uint64_t start_ticks;
	uint64_t vsize;
};

int pid_stat_parse(struct cursor text, struct pid_stat *ret); /* 0 or -EBADMSG. Pure. */
int pid_stat_read(int root_fd, uint32_t pid, struct pid_stat *ret); /* -ESRCH: no such process */

/* The path in the memory controller's hierarchy (v1, hybrid) or the unified one (v2), from the
 * text of /proc/PID/cgroup. Returns 0 with a malloc'ed string, or -ENOENT, -ENOMEM. Pure. */
int cgroup_parse(struct cursor text, char **ret);
int cgroup_read(int root_fd, uint32_t pid, char **ret);
