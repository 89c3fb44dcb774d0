/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/report_removed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Less than this is not listed. */
#define LEFT_MIN (64 << 10)

static uint64_t value(const struct cgroup_row *c, enum cgroup_value which)
{
	return c->known & 1U << which ? c->value[which] : 0;
}

static int compare_removed(const void *a, const void *b)
{
	const struct report_removed *x = a, *y = b;

	if (x->left != y->left)
		return x->left < y->left ? 1 : -1;
	return strcmp(x->path, y->path);
}

static int add(struct report *r, const struct removed_cgroup *c)
{
	uint64_t file = value(&c->row, CGROUP_FILE), shmem = value(&c->row, CGROUP_SHMEM);
	struct report_removed row = {
		.path = strdup(c->row.path),
		.runtime = c->row.runtime,
		.time_ns = c->time_ns,
		.left = removed_cgroup_left(&c->row),
		.cache = file > shmem ? file - shmem : 0,
		.shmem = shmem < file ? shmem : file,
		.slab = value(&c->row, CGROUP_SLAB_RECLAIMABLE),
	};

	if (!row.path)
		return -ENOMEM;
	memcpy(row.name, c->row.name, sizeof(row.name));
	if (!vec_push(&r->removed_cgroups, row))
		return 0;
	free(row.path);
	return -ENOMEM;
}

/* What those below a cgroup have is counted in it, too. */
static bool is_below_another(const struct history *h, const char *path)
{
	vec_for_each(c, &h->removed) {
		size_t len = strlen(c->row.path);

		if (!strncmp(path, c->row.path, len) && path[len] == '/' &&
		    removed_cgroup_left(&c->row) >= LEFT_MIN)
			return true;
	}
	return false;
}

int report_removed__add(const struct history *h, struct report *r)
{
	r->n_removed_cgroups = h->n_removed;
	vec_for_each(c, &h->removed)
		if (removed_cgroup_left(&c->row) >= LEFT_MIN && !is_below_another(h, c->row.path) &&
		    add(r, c))
			return -ENOMEM;
	if (r->removed_cgroups.n)
		qsort(r->removed_cgroups.v, r->removed_cgroups.n, sizeof(*r->removed_cgroups.v),
		      compare_removed);
	return 0;
}
