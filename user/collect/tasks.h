/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every process's counters in one read. Two sources give the same fields: the
 * BPF task iterator (tasks_iter.c) and /proc (tasks_proc.c), which is also the
 * check of the first.
 */
#pragma once

#include <stdint.h>

#include "model/tick.h"

struct task_list {
	struct proc_sample *v; /* cgroup strings owned by the list */
	size_t n, cap;
};

void task_list__clear(struct task_list *l); /* keeps the allocation of v */
void task_list__free(struct task_list *l);

/* To add a source: an object that starts with this struct. */
struct task_source {
	const char *name; /* "bpf iterator", "/proc" */
	/* Fills ret (cleared first) with every process, ordered by pid, kernel threads
	 * included, cgroup left NULL. Processes that die while being read are left out,
	 * fields that could not be read are not `known`. Returns 0 or -errno. */
	int (*read)(struct task_source *s, struct task_list *ret);
	/* Running totals of what was lost or approximate. 0 or -ENOMEM. */
	int (*limits)(const struct task_source *s, struct limits *l);
	void (*close)(struct task_source *s); /* frees s */
};

/* root_fd: the directory that holds proc/ (--sysroot); kept open by the caller. */
int tasks_proc__open(int root_fd, struct task_source **ret);
/* Appends one process, if it is there; 0 or -errno. */
int tasks_proc__add(struct task_source *proc, uint32_t pid, struct task_list *l);
