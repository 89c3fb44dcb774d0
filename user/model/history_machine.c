/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/history_machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The newer of two readings replaces the older; the first one is kept as well. */
#define KEEP_ENDS(first, last, from, is_first)                                                     \
	({                                                                                         \
		int _keep = copy_rows(last, from);                                                 \
		if (!_keep && (is_first))                                                          \
			_keep = copy_rows(first, from);                                            \
		_keep;                                                                             \
	})

#define copy_rows(to, from)                                                                        \
	({                                                                                         \
		int _copy = vec_reserve(to, (from)->n);                                            \
		if (!_copy && (from)->n)                                                           \
			memcpy((to)->v, (from)->v, (from)->n * sizeof(*(from)->v));                \
		if (!_copy)                                                                        \
			(to)->n = (from)->n;                                                       \
		_copy;                                                                             \
	})

uint64_t removed_cgroup_left(const struct cgroup_row *c)
{
	static const enum cgroup_value parts[] = {CGROUP_FILE, CGROUP_SLAB_RECLAIMABLE};
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (c->known & 1U << parts[i] &&
		    __builtin_add_overflow(sum, c->value[parts[i]], &sum))
			sum = UINT64_MAX;
	return sum;
}

static struct removed_cgroup *smallest(struct history *h)
{
	struct removed_cgroup *least = h->removed.v;

	vec_for_each(r, &h->removed)
		if (removed_cgroup_left(&r->row) < removed_cgroup_left(&least->row))
			least = r;
	return least;
}

/* A removed one that left nothing is counted only. */
static int add_removed(struct history *h, const struct cgroup_row *row, uint64_t time_ns)
{
	struct removed_cgroup removed = {*row, time_ns}, *least;
	uint64_t left = removed_cgroup_left(row);

	h->n_removed++;
	if (!left || !row->path)
		return 0;
	least = h->removed.n < HISTORY_REMOVED_MAX ? NULL : smallest(h);
	h->n_removed_dropped += least != NULL;
	if (least && left <= removed_cgroup_left(&least->row))
		return 0;
	removed.row.path = strdup(row->path);
	if (!removed.row.path)
		return -ENOMEM;
	if (least) {
		free(least->row.path);
		*least = removed;
	} else if (vec_push(&h->removed, removed)) {
		free(removed.row.path);
		return -ENOMEM;
	}
	return 0;
}

static int add_all_removed(struct history *h, const struct tick *t)
{
	vec_for_each(c, &t->cgroups)
		if (c->gone && add_removed(h, c, t->time_ns))
			return -ENOMEM;
	return 0;
}

void history_free_machine(struct history *h)
{
	vec_free(&h->meminfo_first);
	vec_free(&h->meminfo_last);
	vec_free(&h->machine_first);
	vec_free(&h->machine_last);
	vec_free(&h->hidden_first);
	vec_free(&h->hidden_last);
	vec_for_each(r, &h->removed)
		free(r->row.path);
	vec_free(&h->removed);
}

int history_add_machine(struct history *h, const struct tick *t)
{
	int err = add_all_removed(h, t);

	if (!err && t->meminfo.n) {
		err = KEEP_ENDS(&h->meminfo_first, &h->meminfo_last, &t->meminfo,
				!h->meminfo_first.n);
		if (!err)
			err = KEEP_ENDS(&h->machine_first, &h->machine_last, &t->machine,
					!h->machine_first.n);
	}
	if (err || !t->hidden.n)
		return err;
	err = KEEP_ENDS(&h->hidden_first, &h->hidden_last, &t->hidden, !h->n_hidden_reads);
	h->n_hidden_reads++;
	h->hidden_last_ns = t->time_ns;
	return err;
}
