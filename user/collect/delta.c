/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/delta.h"

#include <string.h>

#include "base/cleanup.h"
#include "model/key.h"

struct delta {
	struct task_list procs, next;	 /* of the last tick, ordered by pid; being built */
	VEC(struct owner_sample) owners; /* of the last tick */
	struct hmap owner_index;
	int64_t sum[_PAGE_CLASS_MAX], sum_max[_PAGE_CLASS_MAX]; /* bytes taken */
};

int delta__new(struct delta **ret)
{
	struct delta *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	*ret = d;
	return 0;
}

void delta__free(struct delta *d)
{
	if (!d)
		return;
	task_list__free(&d->procs);
	task_list__free(&d->next);
	vec_free(&d->owners);
	hmap_free(&d->owner_index);
	free(d);
}

/* Orders processes by pid, and those of one pid by start time. */
static int compare_id(struct proc_id a, struct proc_id b)
{
	if (a.pid != b.pid)
		return a.pid < b.pid ? -1 : 1;
	return (a.start_ticks > b.start_ticks) - (a.start_ticks < b.start_ticks);
}

static int compare_sample(const void *a, const void *b)
{
	const struct proc_sample *x = a, *y = b;

	return compare_id(x->id, y->id);
}

static bool same_cgroup(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_proc(const struct proc_sample *a, const struct proc_sample *b)
{
	if (a->known != b->known || a->approx != b->approx || a->flags != b->flags ||
	    a->uid != b->uid || a->ppid != b->ppid || memcmp(a->comm, b->comm, COMM_SIZE))
		return false;
	for (int i = 0; i < _PROC_VALUE_MAX; i++)
		if ((a->known & 1U << i) && a->value[i] != b->value[i])
			return false;
	return same_cgroup(a->cgroup, b->cgroup);
}

static int emit(struct tick *t, const struct proc_sample *p, bool ended)
{
	struct proc_sample row = *p;

	if (ended) {
		row.end.ended = true;
		row.end.time_ns = t->time_ns;
	}
	if (p->cgroup) {
		row.cgroup = strdup(p->cgroup);
		if (!row.cgroup)
			return -ENOMEM;
	}
	if (!vec_push(&t->procs, row))
		return 0;
	free(row.cgroup);
	return -ENOMEM;
}

/*
 * Adds a copy of what is seen now to what the next tick compares with. An
 * unchanged cgroup is shared with `was` until end_sharing(): duplicating those
 * of 10,000 processes every tick would cost more than all the rest here.
 */
static int remember(struct delta *d, const struct proc_sample *was, const struct proc_sample *now)
{
	struct proc_sample copy = *now;

	/* A cgroup that was not read this time is no change. */
	if (was && (!now->cgroup || same_cgroup(now->cgroup, was->cgroup)))
		copy.cgroup = was->cgroup;
	else if (now->cgroup && !(copy.cgroup = strdup(now->cgroup)))
		return -ENOMEM;
	d->next.v[d->next.n++] = copy; /* reserved by the caller */
	return 0;
}

/* A process that is there now; was: NULL when it is new. */
static int step(struct delta *d, const struct proc_sample *was, const struct proc_sample *now,
		struct tick *t)
{
	const struct proc_sample *seen;
	int err = remember(d, was, now);

	if (err)
		return err;
	seen = &d->next.v[d->next.n - 1];
	return was && same_proc(was, seen) ? 0 : emit(t, seen, false);
}

static int merge(struct delta *d, const struct proc_sample *v, size_t n, struct tick *t)
{
	size_t i = 0, j = 0;
	int err = 0;

	while (!err && (i < d->procs.n || j < n)) {
		const struct proc_sample *was = i < d->procs.n ? &d->procs.v[i] : NULL;
		const struct proc_sample *now = j < n ? &v[j] : NULL;
		int order = !was ? 1 : !now ? -1 : compare_id(was->id, now->id);

		err = order < 0 ? emit(t, was, true) : step(d, order == 0 ? was : NULL, now, t);
		i += order <= 0;
		j += order >= 0;
	}
	return err;
}

/* Leaves the strings that both lists point to with `keep`. */
static void end_sharing(struct task_list *leave, const struct task_list *keep)
{
	size_t i = 0, j = 0;

	while (i < leave->n && j < keep->n) {
		int order = compare_id(leave->v[i].id, keep->v[j].id);

		if (!order && leave->v[i].cgroup == keep->v[j].cgroup)
			leave->v[i].cgroup = NULL;
		i += order <= 0;
		j += order >= 0;
	}
}

static bool is_sorted(const struct proc_sample *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (compare_id(v[i - 1].id, v[i].id) >= 0)
			return false;
	return true;
}

/* Reads that are not ordered, or name a process twice, in the order that merge() needs. */
static size_t sort_unique(struct proc_sample *v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), compare_sample);
	for (size_t i = 0; i < n; i++)
		if (!kept || compare_id(v[kept - 1].id, v[i].id))
			v[kept++] = v[i];
	return kept;
}

int delta__procs(struct delta *d, const struct task_list *now, struct tick *t)
{
	_cleanup_free_ struct proc_sample *sorted = NULL;
	const struct proc_sample *v = now->v;
	struct task_list old = d->procs;
	size_t n = now->n;
	int err;

	if (!is_sorted(v, n)) {
		sorted = malloc(n * sizeof(*sorted));
		if (!sorted)
			return -ENOMEM;
		memcpy(sorted, v, n * sizeof(*sorted));
		n = sort_unique(sorted, n);
		v = sorted;
	}
	err = vec_reserve(&d->next, n);
	if (!err)
		err = merge(d, v, n, t);
	if (err) { /* d->procs is as it was: the next call tells all again */
		end_sharing(&d->next, &d->procs);
		task_list__clear(&d->next);
		return err;
	}
	end_sharing(&old, &d->next);
	d->procs = d->next;
	d->next = old;
	task_list__clear(&d->next);
	t->n_procs = (uint32_t)n;
	return 0;
}

static bool same_residue(const struct residue *a, const struct residue *b)
{
	return a->known == b->known && a->inherited == b->inherited && a->shmem == b->shmem &&
	       a->file == b->file && a->kernel == b->kernel;
}

static bool same_exit(const struct owner_sample *a, const struct owner_sample *b)
{
	/* exit_ns is converted from another clock at each reading: it never is
	 * exactly the same again, and no news once it is known. */
	return a->dead == b->dead && !a->exit_ns == !b->exit_ns &&
	       a->has_exit_status == b->has_exit_status && a->exit_status == b->exit_status &&
	       a->has_exit_rss == b->has_exit_rss && a->exit_anon == b->exit_anon &&
	       a->exit_file == b->exit_file && a->exit_swap == b->exit_swap &&
	       a->exit_shmem == b->exit_shmem;
}

static bool same_owner(const struct owner_sample *a, const struct owner_sample *b)
{
	return a->owner == b->owner && a->kind == b->kind && proc_id_equal(a->parent, b->parent) &&
	       !memcmp(a->comm, b->comm, COMM_SIZE) && !memcmp(a->live, b->live, sizeof(a->live)) &&
	       !memcmp(a->taken, b->taken, sizeof(a->taken)) && a->members == b->members &&
	       same_exit(a, b) && same_residue(&a->residue, &b->residue);
}

static bool same_key(const struct owner_sample *a, const struct owner_sample *b)
{
	struct hmap_key x = owner_key(a), y = owner_key(b);

	return !memcmp(&x, &y, sizeof(x));
}

/* The owner as the last tick had it; mostly it is at the same place. */
static const struct owner_sample *find_owner(const struct delta *d, const struct owner_sample *o,
					     size_t place)
{
	uint32_t i;

	if (place < d->owners.n && same_key(&d->owners.v[place], o))
		return &d->owners.v[place];
	return hmap_get(&d->owner_index, owner_key(o), &i) ? &d->owners.v[i] : NULL;
}

static int remember_owners(struct delta *d, const struct owner_sample *now, size_t n)
{
	bool same_places = d->owners.n == n;
	int err = vec_reserve(&d->owners, n);

	if (err)
		return err;
	for (size_t i = 0; i < n && same_places; i++)
		same_places = same_key(&d->owners.v[i], &now[i]);
	if (n)
		memcpy(d->owners.v, now, n * sizeof(*now));
	d->owners.n = n;
	if (same_places)
		return 0;
	hmap_clear(&d->owner_index);
	for (size_t i = 0; i < n && !err; i++)
		err = hmap_put(&d->owner_index, owner_key(&now[i]), (uint32_t)i);
	return err;
}

/* Pages that turn out to be page cache change their class after they were taken: a sum that went
 * back would look like a counter that began anew. */
static void add_taken(struct delta *d, const struct owner_sample *was,
		      const struct owner_sample *now)
{
	if (now->kind == OWNER_EXITED_GROUP) /* of its members, which were counted */
		return;
	for (int c = 0; c < _PAGE_CLASS_MAX; c++) {
		d->sum[c] += (int64_t)(now->taken[c] - (was ? was->taken[c] : 0));
		if (d->sum[c] > d->sum_max[c])
			d->sum_max[c] = d->sum[c];
	}
}

void delta__taken(const struct delta *d, uint64_t ret[_PAGE_CLASS_MAX])
{
	for (int c = 0; c < _PAGE_CLASS_MAX; c++)
		ret[c] = (uint64_t)d->sum_max[c];
}

int delta__owners(struct delta *d, const struct owner_sample *now, size_t n, struct tick *t)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		const struct owner_sample *was = find_owner(d, &now[i], i);

		add_taken(d, was, &now[i]);
		if (!was || !same_owner(was, &now[i]))
			err = vec_push(&t->owners, now[i]);
	}
	return err ? err : remember_owners(d, now, n);
}
