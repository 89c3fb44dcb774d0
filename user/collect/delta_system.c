/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/delta_system.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "model/key.h"

struct seen_slab {
	struct slab_sample row;
	bool here; /* in the reading that is looked at */
};

struct seen_cgroup {
	struct cgroup_row row; /* path owned here */
	bool here;
};

struct delta_system {
	int root_fd;
	uint64_t page_size;
	VEC(struct seen_slab) slabs;
	VEC(struct seen_cgroup) cgroups;
	struct hmap slab_index, cgroup_index;
	uint64_t slabs_left_out, cgroups_left_out; /* of the last reading */
};

int delta_system__new(int root_fd, uint64_t page_size, struct delta_system **ret)
{
	struct delta_system *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->root_fd = root_fd;
	d->page_size = page_size;
	*ret = d;
	return 0;
}

void delta_system__free(struct delta_system *d)
{
	if (!d)
		return;
	vec_for_each(c, &d->cgroups)
		free(c->row.path);
	vec_free(&d->slabs);
	vec_free(&d->cgroups);
	hmap_free(&d->slab_index);
	hmap_free(&d->cgroup_index);
	free(d);
}

/* --- slab caches --- */

static void ask_reclaimable(const struct delta_system *d, struct slab_sample *row)
{
	char path[128];
	uint64_t n;

	if (strchr(row->name, '/') || row->name[0] == '.')
		return;
	snprintf(path, sizeof(path), "sys/kernel/slab/%s/reclaim_account", row->name);
	if (read_u64_at(d->root_fd, path, &n))
		return; /* not SLUB, or not for us to read */
	row->reclaim_known = true;
	row->is_reclaimable = n != 0;
}

static uint64_t slab_bytes(const struct delta_system *d, const struct slab_cache *c)
{
	uint64_t pages, bytes;

	if (__builtin_mul_overflow(c->slabs, (uint64_t)c->pages_per_slab, &pages) ||
	    __builtin_mul_overflow(pages, d->page_size, &bytes))
		return UINT64_MAX;
	return bytes;
}

static int new_slab(struct delta_system *d, const struct slab_cache *c, struct seen_slab **ret)
{
	struct hmap_key key = name_key(c->name, 0);
	struct seen_slab seen;
	int err;

	memset(&seen, 0, sizeof(seen));
	memcpy(seen.row.name, c->name, sizeof(seen.row.name));
	ask_reclaimable(d, &seen.row);
	seen.row.gone = true; /* so that it is told now */
	err = vec_reserve(&d->slabs, d->slabs.n + 1);
	if (!err)
		err = hmap_put(&d->slab_index, key, (uint32_t)d->slabs.n);
	if (err)
		return err;
	d->slabs.v[d->slabs.n] = seen;
	*ret = &d->slabs.v[d->slabs.n++];
	return 0;
}

static int add_slab(struct delta_system *d, const struct slab_cache *c, struct tick *t)
{
	uint64_t bytes = slab_bytes(d, c);
	struct seen_slab *seen = NULL;
	uint32_t i;
	int err = 0;

	if (hmap_get(&d->slab_index, name_key(c->name, 0), &i)) {
		seen = &d->slabs.v[i];
	} else if (d->slabs.n >= DELTA_SYSTEM_MAX) {
		d->slabs_left_out++;
		return 0;
	} else {
		err = new_slab(d, c, &seen);
	}
	if (err)
		return err;
	seen->here = true;
	if (!seen->row.gone && seen->row.bytes == bytes)
		return 0;
	seen->row.gone = false;
	seen->row.bytes = bytes;
	seen->row.active_objects = c->active_objects;
	seen->row.object_size = c->object_size;
	return vec_push(&t->slabs, seen->row);
}

static int end_slabs(struct delta_system *d, struct tick *t)
{
	int err = 0;

	vec_for_each(s, &d->slabs) {
		bool was_here = s->here;

		s->here = false;
		if (was_here || s->row.gone || err)
			continue;
		s->row.gone = true;
		s->row.bytes = s->row.active_objects = 0;
		err = vec_push(&t->slabs, s->row);
	}
	return err;
}

/* --- cgroups --- */

static void fill_row(struct cgroup_row *row, const struct cgroup_sample *c)
{
	row->runtime = c->container.inner ? RUNTIME_NONE : c->container.runtime;
	memset(row->name, 0, sizeof(row->name));
	if (row->runtime != RUNTIME_NONE)
		snprintf(row->name, sizeof(row->name), "%s", c->container.name);
	row->known = c->known & CGROUP_ROW_VALUES;
	for (int i = 0; i < _CGROUP_VALUE_MAX; i++)
		row->value[i] = row->known & 1U << i ? c->value[i] : 0;
}

static bool moved(const struct cgroup_row *a, const struct cgroup_row *b)
{
	static const uint32_t exact = 1U << CGROUP_MAX | 1U << CGROUP_HIGH |
				      1U << CGROUP_EVENT_HIGH | 1U << CGROUP_EVENT_MAX |
				      1U << CGROUP_EVENT_OOM_KILL;

	if (a->known != b->known || a->runtime != b->runtime ||
	    memcmp(a->name, b->name, sizeof(a->name)))
		return true;
	for (int i = 0; i < _CGROUP_VALUE_MAX; i++) {
		uint64_t x = a->value[i], y = b->value[i];

		if (x != y && (exact & 1U << i || (x > y ? x - y : y - x) >= DELTA_CGROUP_STEP))
			return true;
	}
	return false;
}

static int emit(struct tick *t, const struct cgroup_row *row)
{
	struct cgroup_row copy = *row;

	copy.path = strdup(row->path);
	if (!copy.path)
		return -ENOMEM;
	if (!vec_push(&t->cgroups, copy))
		return 0;
	free(copy.path);
	return -ENOMEM;
}

static int new_cgroup(struct delta_system *d, const char *path, struct seen_cgroup **ret)
{
	struct seen_cgroup seen;
	int err;

	memset(&seen, 0, sizeof(seen));
	seen.row.gone = true;
	seen.row.path = strdup(path);
	if (!seen.row.path)
		return -ENOMEM;
	err = vec_reserve(&d->cgroups, d->cgroups.n + 1);
	if (!err)
		err = hmap_put(&d->cgroup_index, name_key(path, 0), (uint32_t)d->cgroups.n);
	if (err) {
		free(seen.row.path);
		return err;
	}
	d->cgroups.v[d->cgroups.n] = seen;
	*ret = &d->cgroups.v[d->cgroups.n++];
	return 0;
}

static int add_cgroup(struct delta_system *d, const struct cgroup_sample *c, struct tick *t)
{
	struct seen_cgroup *seen = NULL;
	struct cgroup_row now = {0};
	uint32_t i;
	int err = 0;

	if (hmap_get(&d->cgroup_index, name_key(c->path, 0), &i)) {
		seen = &d->cgroups.v[i];
	} else if (d->cgroups.n >= DELTA_SYSTEM_MAX) {
		d->cgroups_left_out++;
		return 0;
	} else {
		err = new_cgroup(d, c->path, &seen);
	}
	if (err)
		return err;
	seen->here = true;
	fill_row(&now, c);
	now.path = seen->row.path;
	if (!seen->row.gone && !moved(&seen->row, &now))
		return 0;
	seen->row = now;
	return emit(t, &seen->row);
}

/* Names of cgroups come and go (a session each): those that are gone are forgotten. */
static int end_cgroups(struct delta_system *d, struct tick *t)
{
	size_t kept = 0, n = d->cgroups.n;
	int err = 0;

	for (size_t i = 0; i < n; i++) {
		struct seen_cgroup *c = &d->cgroups.v[i];

		if (c->here) {
			c->here = false;
			d->cgroups.v[kept++] = *c;
			continue;
		}
		c->row.gone = true;
		err = err ?: emit(t, &c->row);
		free(c->row.path);
	}
	d->cgroups.n = kept;
	if (kept == n)
		return err;
	hmap_clear(&d->cgroup_index);
	for (size_t i = 0; i < kept && !err; i++)
		err = hmap_put(&d->cgroup_index, name_key(d->cgroups.v[i].row.path, 0),
			       (uint32_t)i);
	return err;
}

int delta_system__add(struct delta_system *d, const struct system_sample *s, struct tick *t)
{
	int err = 0;

	if (!s->err[SYSTEM_SLABINFO]) {
		d->slabs_left_out = 0;
		for (size_t i = 0; i < s->slabs.n && !err; i++)
			err = add_slab(d, &s->slabs.v[i], t);
		err = err ?: end_slabs(d, t);
	}
	if (!err && !s->err[SYSTEM_CGROUPS]) {
		d->cgroups_left_out = 0;
		for (size_t i = 0; i < s->cgroups.n && !err; i++)
			err = add_cgroup(d, &s->cgroups.v[i], t);
		err = err ?: end_cgroups(d, t);
	}
	return err;
}

int delta_system__limits(const struct delta_system *d, struct limits *l)
{
	int err = 0;

	if (d->slabs_left_out)
		err = limits__set(l, "slab_caches_left_out", d->slabs_left_out,
				  "slab caches beyond the first %d are not followed",
				  DELTA_SYSTEM_MAX);
	if (!err && d->cgroups_left_out)
		err = limits__set(l, "cgroups_left_out", d->cgroups_left_out,
				  "cgroups beyond the first %d are not followed", DELTA_SYSTEM_MAX);
	return err;
}
