/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks and paths by number, for every domain: who has walked a stack gets a
 * leaf for it, for leaf and process a path, and tells what the path holds. A
 * tick gets what is new or changed. Pure: no I/O, no clock.
 */
#pragma once

#include "base/hmap.h"
#include "model/code.h"
#include "model/tick.h"

/* Bounds: what comes beyond them goes to the path without a stack, and is counted. */
#define PATH_NODES_MAX 131072
#define PATHS_MAX 16384

struct path_frame_at {
	uint32_t module;
	uint64_t addr;
};

struct path_entry {
	struct path_sample now, told;
	uint64_t cgroup, cgroup_told; /* where it took it last: the kernel's id; 0: unknown */
	bool charged, charged_told;
	uint64_t exec_id;	      /* paths of one process before and after an exec are two */
	double live, variance, taken; /* sums in the making */
	uint64_t samples, oldest;     /* the same, where a sum may have to be given up */
	/* Of samples that are gone for good: taken above, and held when their process ended. */
	double at_exit, exit_variance;
	uint64_t exit_samples;
};

struct path_table {
	VEC(struct code_node) nodes; /* id - 1 */
	struct hmap node_index;
	VEC(struct path_entry) paths; /* id - 1 */
	struct hmap path_index;
	size_t n_nodes_told;
	uint64_t n_over; /* stacks that found no room */
};

/* The leaf of a stack, leaf first; 0: no frames, or no room. 0 or -ENOMEM. */
int path_table__stack(struct path_table *t, const struct path_frame_at *frames, size_t n,
		      uint32_t *ret_leaf);

/* The path with the domain, proc, comm, leaf and complete of `like`. 0 or -ENOMEM. */
int path_table__path(struct path_table *t, const struct path_sample *like, uint64_t exec_id,
		     uint32_t *ret_path);

/* Whether it is there already. */
bool path_table__has(const struct path_table *t, const struct path_sample *like, uint64_t exec_id);

/* Live bytes, errors and samples of a domain's paths, from none: between these two whoever holds
 * some adds to live and variance, and to now.samples and now.oldest. */
void path_table__begin(struct path_table *t, enum path_domain domain);
void path_table__end(struct path_table *t, enum path_domain domain);

/* Appends nodes and paths that are new or changed since the last call. 0 or -ENOMEM. */
int path_table__tell(struct path_table *t, struct tick *tick);
void path_table__free(struct path_table *t);
