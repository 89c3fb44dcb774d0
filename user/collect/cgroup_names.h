/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cgroups by the kernel's ids, and the containers they are: what the samples' programs wrote down
 * of them, so that those are known as well that are gone by now. */
#pragma once

#include "base/hmap.h"
#include "memtrace.h"
#include "model/code.h"

struct cgroup_name {
	char *path; /* below the hierarchy's root; owned */
	struct container container;
};

/* All zero but root_fd is empty. */
struct cgroup_names {
	int root_fd;
	struct hmap index; /* id -> v */
	VEC(struct cgroup_name) v;
};

void cgroup_names__free(struct cgroup_names *n);

/* Takes those out of a map `cgroup_names`. 0 or -errno. */
int cgroup_names__take(struct cgroup_names *n, int map_fd);
int cgroup_names__add(struct cgroup_names *n, uint64_t id, const struct mt_cgroup *c);
/* NULL: not known. */
const struct cgroup_name *cgroup_names__find(const struct cgroup_names *n, uint64_t id);

/* "/outer/inner", "/.../inner" where parents found no room; to be freed. 0 or -ENOMEM. Pure. */
int cgroup_path_of(const struct mt_cgroup *c, char **ret);
