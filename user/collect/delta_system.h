/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From full readings of slab caches and cgroups to rows of a tick: what is new,
 * what changed, what is gone. Bounded by the readers' own bounds and by
 * DELTA_SYSTEM_MAX; what is left out is counted.
 */
#pragma once

#include "model/tick.h"

#define DELTA_SYSTEM_MAX 4096 /* caches, and cgroups */

/* The kernel charges a cgroup ahead, 64 pages a CPU (MEMCG_CHARGE_BATCH): smaller moves are
 * not the cgroup's. */
#define DELTA_CGROUP_STEP (64ULL << 10)

struct delta_system;

/* root_fd stays the caller's: sys/kernel/slab below it tells which caches are reclaimable. */
int delta_system__new(int root_fd, uint64_t page_size, struct delta_system **ret);
void delta_system__free(struct delta_system *d); /* NULL allowed */

/*
 * Appends to t->slabs and t->cgroups. A part of s that was not read has no rows
 * and nothing of it is gone. A cgroup is told when a value moved by
 * DELTA_CGROUP_STEP, when a limit changed, or an event was counted. 0 or -ENOMEM.
 */
int delta_system__add(struct delta_system *d, const struct system_sample *s, struct tick *t);

/* "slab_caches_left_out", "cgroups_left_out". 0 or -ENOMEM. */
int delta_system__limits(const struct delta_system *d, struct limits *l);
