/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/pending.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/key.h"
#include "store/row.h"
#include "store/schema.h"

static struct hmap_key key_of_proc(const void *row)
{
	return proc_key(((const struct proc_sample *)row)->id);
}

static struct hmap_key key_of_owner(const void *row)
{
	return owner_key(row);
}

static struct hmap_key key_of_smaps(const void *row)
{
	return proc_key(((const struct smaps_sample *)row)->id);
}

static struct hmap_key key_of_ownership(const void *row)
{
	return proc_key(((const struct ownership_sample *)row)->id);
}

static struct hmap_key key_of_mapped(const void *row)
{
	return proc_key(((const struct mapped_sample *)row)->id);
}

static struct hmap_key key_of_slab(const void *row)
{
	return name_key(((const struct slab_sample *)row)->name, 0);
}

static struct hmap_key key_of_path(const void *row)
{
	return (struct hmap_key){{((const struct path_sample *)row)->id, 0, 0}};
}

static struct hmap_key key_of_ages(const void *row)
{
	return (struct hmap_key){{((const struct path_ages *)row)->id, 0, 0}};
}

static struct hmap_key key_of_path_cgroup(const void *row)
{
	return (struct hmap_key){{((const struct path_cgroup *)row)->id, 0, 0}};
}

static struct hmap_key key_of_sampling(const void *row)
{
	(void)row;
	return (struct hmap_key){0};
}

static struct hmap_key key_of_cgroup(const void *row)
{
	const char *path = ((const struct cgroup_row *)row)->path;

	return name_key(path ? path : "", 0);
}

/* What happened once is not undone by a newer row: an exec, a cgroup that
 * could be read, and of an ended process the values it had. */
static void keep_of_older_proc(const void *older, void *newer)
{
	const struct proc_sample *from = older;
	struct proc_sample *to = newer;

	to->flags |= from->flags & PROC_EXECED;
	if (!to->cgroup && from->cgroup)
		to->cgroup = strdup(from->cgroup);
	for (int i = 0; to->end.ended && i < _PROC_VALUE_MAX; i++) {
		uint32_t bit = 1U << i;

		if ((to->known & bit) || !(from->known & bit))
			continue;
		to->value[i] = from->value[i];
		to->known |= bit;
		to->approx |= from->approx & bit;
	}
}

/* Tables without a key: events and alerts are all kept, the others replaced. */
static const struct {
	struct hmap_key (*key)(const void *row);
	void (*keep)(const void *older, void *newer);
} rules[N_ROW_TABLES] = {
	[ROWS_PROC] = {.key = key_of_proc, .keep = keep_of_older_proc},
	[ROWS_OWNER] = {.key = key_of_owner},
	[ROWS_SMAPS] = {.key = key_of_smaps},
	[ROWS_OWNERSHIP] = {.key = key_of_ownership},
	[ROWS_MAPPED] = {.key = key_of_mapped},
	[ROWS_SLAB] = {.key = key_of_slab},
	[ROWS_CGROUP] = {.key = key_of_cgroup},
	[ROWS_PATH] = {.key = key_of_path},
	[ROWS_PATH_CGROUP] = {.key = key_of_path_cgroup},
	[ROWS_PATH_AGES] = {.key = key_of_ages},
	[ROWS_SAMPLING] = {.key = key_of_sampling},
};

/* A malloc'ed copy; the strings that the row owns are copied as well. */
static void *dup_row(const struct table *t, const void *row)
{
	_cleanup_free_ void *copy = malloc(t->row_size);
	bool failed = false;

	if (!copy)
		return NULL;
	memcpy(copy, row, t->row_size);
	for (size_t i = 0; i < t->n_columns; i++) {
		char **s = (char **)((char *)copy + t->columns[i].offset);

		if (t->columns[i].kind != COLUMN_PATH || !*s)
			continue;
		*s = failed ? NULL : strdup(*s);
		failed |= !*s;
	}
	if (failed) {
		row__clear(t, copy);
		return NULL;
	}
	return TAKE_PTR(copy);
}

static int push_copy(const struct table *t, struct tick *pending, const void *row)
{
	_cleanup_free_ void *copy = dup_row(t, row);
	int err = copy ? schema__push(t, pending, copy) : -ENOMEM;

	if (err && copy)
		row__clear(t, copy);
	return err;
}

static int replace(enum row_table table, void *old, const void *row)
{
	const struct table *t = &row_tables[table];
	_cleanup_free_ void *copy = dup_row(t, row);

	if (!copy)
		return -ENOMEM;
	if (rules[table].keep)
		rules[table].keep(old, copy);
	row__clear(t, old);
	memcpy(old, copy, t->row_size);
	return 0;
}

static int merge_row(enum row_table table, struct tick *pending, struct hmap *index,
		     const void *row)
{
	const struct table *t = &row_tables[table];
	size_t n = schema__n_rows(t, pending);
	struct hmap_key key;
	uint32_t i;
	int err;

	if (rules[table].key) {
		key = rules[table].key(row);
		if (hmap_get(index, key, &i))
			return replace(table, (void *)schema__row(t, pending, i), row);
	}
	if (n >= PENDING_ROWS_MAX)
		return -ENOBUFS;
	err = push_copy(t, pending, row);
	if (!err && rules[table].key)
		err = hmap_put(index, key, (uint32_t)n);
	return err;
}

static int index_rows(enum row_table table, const struct tick *pending, struct hmap *index)
{
	const struct table *t = &row_tables[table];
	int err = 0;

	for (size_t i = 0; i < schema__n_rows(t, pending) && !err; i++)
		err = hmap_put(index, rules[table].key(schema__row(t, pending, i)), (uint32_t)i);
	return err;
}

static int merge_table(enum row_table table, struct tick *pending, const struct tick *t,
		       uint64_t *n_lost)
{
	const struct table *tab = &row_tables[table];
	size_t n = schema__n_rows(tab, t);
	struct hmap index = {0};
	int err = 0, first_err = 0;

	if (rules[table].key && n)
		first_err = index_rows(table, pending, &index);
	for (size_t i = 0; i < n; i++) {
		err = first_err ? first_err
				: merge_row(table, pending, &index, schema__row(tab, t, i));
		if (err)
			++*n_lost;
		if (err && err != -ENOBUFS)
			first_err = err;
	}
	hmap_free(&index);
	return first_err;
}

int pending__merge(struct tick *pending, const struct tick *t, uint64_t *n_lost)
{
	int first_err = 0;

	pending->seq = t->seq;
	pending->time_ns = t->time_ns;
	pending->mono_ns = t->mono_ns;
	pending->n_procs = t->n_procs;
	pending->self = t->self;
	if (t->meminfo.n)
		pending->meminfo.n = pending->machine.n = 0;
	if (t->hidden.n)
		pending->hidden.n = 0;
	if (t->limits.n)
		pending->limits.n = 0;
	if (t->analysis.notes.n)
		analysis__clear(&pending->analysis);
	for (enum row_table i = 0; i < N_ROW_TABLES; i++) {
		int err = merge_table(i, pending, t, n_lost);

		if (err && !first_err)
			first_err = err;
	}
	return first_err;
}
