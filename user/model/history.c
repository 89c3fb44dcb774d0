/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/history.h"

#include <string.h>

#include "base/cleanup.h"
#include "model/history_machine.h"
#include "model/key.h"

/* What moved less than this and is gone holds nothing and explains nothing. */
#define FOLD_MOVED_MAX (64 << 10)
/* Exited processes of that sort kept before the oldest are forgotten, and how
 * many stay then: a scan of all costs little when it is this rare. */
#define FOLD_SMALL_MAX 2048
#define FOLD_SMALL_KEEP 1024
/* Exited processes kept in all. Beyond it the ones that moved least go, until
 * FOLD_ALL_KEEP are left: at about 700 bytes each the history of a machine
 * that compiles all day stays below 4 MiB. */
#define FOLD_ALL_MAX 4096
#define FOLD_ALL_KEEP 3072

struct entry {
	struct proc_history h; /* first member: struct history points here */
	uint64_t moved;	       /* largest distance of anon + swap + shmem from the start */
	bool drop;
};

struct history_index {
	struct hmap procs, owners; /* into history.procs, history.owners */
	size_t n_exited;	   /* entries whose process has ended */
	size_t scan_at;		   /* look for entries to forget at this n_exited */
	size_t owners_scan_at;
	uint64_t procs_folded, procs_folded_moved;
	uint64_t owners_folded;
	uint64_t events_dropped, facts_dropped;
	uint64_t strays;
};

int history__new(const struct run_info *info, struct history **ret)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->index = calloc(1, sizeof(*h->index));
	if (!h->index)
		return free(h), -ENOMEM;
	h->info = *info;
	h->index->scan_at = FOLD_SMALL_MAX;
	h->index->owners_scan_at = FOLD_SMALL_MAX;
	*ret = h;
	return 0;
}

static void free_proc(struct proc_history *p)
{
	free(p->last.cgroup);
	free((struct entry *)p);
}

void history__free(struct history *h)
{
	if (!h)
		return;
	vec_for_each(p, &h->procs)
		free_proc(*p);
	vec_free(&h->procs);
	vec_free(&h->owners);
	history_free_machine(h);
	vec_free(&h->events);
	vec_free(&h->alerts);
	analysis_span__free(&h->analysis);
	vec_free(&h->facts);
	code_history__free(&h->code);
	limits__free(&h->limits);
	hmap_free(&h->index->procs);
	hmap_free(&h->index->owners);
	free(h->index);
	free(h);
}

static struct proc_history *find_proc(const struct history *h, struct proc_id id)
{
	uint32_t i;

	return hmap_get(&h->index->procs, proc_key(id), &i) ? h->procs.v[i] : NULL;
}

const struct proc_history *history__find_proc(const struct history *h, struct proc_id id)
{
	return find_proc(h, id);
}

const struct owner_sample *history__find_owner(const struct history *h, struct proc_id id)
{
	uint32_t i;

	return hmap_get(&h->index->owners, proc_key(id), &i) ? &h->owners.v[i] : NULL;
}

/* anon + swap + shmem, of what both samples know; a process without any of
 * them known (a kernel thread) never moves. */
static uint64_t distance(const struct proc_sample *a, const struct proc_sample *b)
{
	static const enum proc_value values[] = {PROC_ANON, PROC_SWAP, PROC_SHMEM};
	uint64_t sum = 0; /* wraps: a damaged session file may hold any numbers */

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (a->known & b->known & (1U << values[i]))
			sum += b->value[values[i]] - a->value[values[i]];
	return (int64_t)sum < 0 ? -sum : sum;
}

static int new_proc(struct history *h, const struct tick *t, const struct proc_sample *s,
		    struct proc_history **ret)
{
	_cleanup_free_ struct entry *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->h.first = *s;
	e->h.first.cgroup = NULL;
	e->h.last = e->h.first;
	e->h.first_ns = t->mono_ns;
	e->h.seen_at_start = h->n_ticks == 0;

	err = vec_reserve(&h->procs, h->procs.n + 1);
	if (!err)
		err = hmap_put(&h->index->procs, proc_key(s->id), (uint32_t)h->procs.n);
	if (err)
		return err;
	h->procs.v[h->procs.n++] = &e->h;
	*ret = &TAKE_PTR(e)->h;
	return 0;
}

static int set_cgroup(struct proc_history *p, const char *cgroup)
{
	char *copy;

	if (!cgroup || (p->last.cgroup && !strcmp(p->last.cgroup, cgroup)))
		return 0;
	copy = strdup(cgroup);
	if (!copy)
		return -ENOMEM;
	free(p->last.cgroup);
	p->last.cgroup = copy;
	return 0;
}

/*
 * The sample becomes the last one. Values that it does not know are unknown
 * from now on, except in a process that has ended or is a zombie: there the
 * last that was seen is what it had when it ended.
 */
static void set_last(struct proc_history *p, const struct proc_sample *s)
{
	bool over = s->end.ended || s->state == 'Z' || s->state == 'X';
	struct proc_sample last = *s;

	last.cgroup = p->last.cgroup;
	last.flags |= p->last.flags;
	for (int i = 0; over && i < _PROC_VALUE_MAX; i++) {
		uint32_t bit = 1U << i;

		if ((s->known & bit) || !(p->last.known & bit))
			continue;
		last.value[i] = p->last.value[i];
		last.known |= bit;
		last.approx |= p->last.approx & bit;
	}
	p->last = last;
}

static int add_proc(struct history *h, const struct tick *t, const struct proc_sample *s)
{
	struct proc_history *p = find_proc(h, s->id);
	bool was_ended = p && p->last.end.ended;
	struct entry *e;
	uint64_t moved;
	int err = p ? 0 : new_proc(h, t, s, &p);

	if (err)
		return err;
	err = set_cgroup(p, s->cgroup);
	if (err)
		return err;
	set_last(p, s);
	p->last_ns = t->mono_ns;
	p->ever_known = p->first.known & p->last.known;
	for (int i = 0; i < _PROC_VALUE_MAX; i++)
		if ((s->known & (1U << i)) && s->value[i] > p->peak[i])
			p->peak[i] = s->value[i];

	e = (struct entry *)p;
	moved = distance(&p->first, s);
	if (moved > e->moved)
		e->moved = moved;
	if (s->end.ended && !was_ended)
		h->index->n_exited++;
	else if (!s->end.ended && was_ended)
		h->index->n_exited--;
	return 0;
}

static int add_owner(struct history *h, const struct owner_sample *o)
{
	struct hmap_key key = owner_key(o);
	uint32_t i;
	int err;

	if (hmap_get(&h->index->owners, key, &i)) {
		h->owners.v[i] = *o;
		return 0;
	}
	err = vec_reserve(&h->owners, h->owners.n + 1);
	if (!err)
		err = hmap_put(&h->index->owners, key, (uint32_t)h->owners.n);
	if (!err)
		h->owners.v[h->owners.n++] = *o;
	return err;
}

static void add_smaps(struct history *h, const struct smaps_sample *s)
{
	struct proc_history *p = find_proc(h, s->id);

	if (!p) {
		h->index->strays++;
	} else if (!p->has_smaps_first) {
		p->smaps_first = *s;
		p->has_smaps_first = true;
	} else {
		p->smaps_last = *s;
		p->has_smaps_last = true;
	}
}

static void add_ownership(struct history *h, const struct ownership_sample *o)
{
	struct proc_history *p = find_proc(h, o->id);

	if (!p) {
		h->index->strays++;
		return;
	}
	p->ownership = *o;
	p->has_ownership = true;
}

static void add_mapped(struct history *h, const struct mapped_sample *m)
{
	struct proc_history *p = find_proc(h, m->id);

	if (!p) {
		h->index->strays++;
		return;
	}
	p->mapped = *m;
	p->has_mapped = true;
}

static int add_events(struct history *h, const struct tick *t)
{
	vec_for_each(e, &t->events) {
		if (h->events.n >= HISTORY_EVENTS_MAX)
			h->index->events_dropped++;
		else if (vec_push(&h->events, *e))
			return -ENOMEM;
	}
	return 0;
}

/* What the history itself left out, beside what the tick's makers did. */
static int set_limits(struct history *h)
{
	const struct history_index *x = h->index;
	int err = 0;

	if (x->procs_folded)
		err = limits__set(&h->limits, "exited_processes_folded", x->procs_folded,
				  "exited processes left out of the list to bound memory: they "
				  "hold nothing any more, and none had moved by more than %llu KiB",
				  (unsigned long long)(x->procs_folded_moved + 1023) / 1024);
	if (!err && x->owners_folded)
		err = limits__set(&h->limits, "exited_owners_folded", x->owners_folded,
				  "exited processes whose count of taken pages was forgotten to "
				  "bound memory: they hold none any more");
	if (!err && x->events_dropped)
		err = limits__set(&h->limits, "events_dropped", x->events_dropped,
				  "events, and alerts, after the first %d are not listed",
				  HISTORY_EVENTS_MAX);
	if (!err && x->facts_dropped)
		err = limits__set(&h->limits, "facts_dropped", x->facts_dropped,
				  "facts of the machine after the first %d are not kept",
				  FACTS_MAX);
	if (!err && h->n_removed_dropped)
		err = limits__set(&h->limits, "removed_cgroups_dropped", h->n_removed_dropped,
				  "removed cgroups that are not listed: they held less than the "
				  "%d that are",
				  HISTORY_REMOVED_MAX);
	if (!err && x->strays)
		err = limits__set(
			&h->limits, "samples_without_process", x->strays,
			"smaps, ownership or mapping samples of processes that no list of "
			"processes named: left out");
	return err;
}

static bool holds_pages(const struct owner_sample *o)
{
	for (int i = 0; i < _PAGE_CLASS_MAX; i++)
		if (o->live[i] > 0)
			return true;
	return false;
}

static bool owner_foldable(const struct history *h, const struct owner_sample *o)
{
	return o->kind == OWNER_PROCESS && o->dead && !holds_pages(o) && !find_proc(h, o->id);
}

/* Forgets empty owners of processes that the history does not hold. */
static int fold_owners(struct history *h)
{
	struct history_index *x = h->index;
	size_t kept = 0;
	int err = 0;

	for (size_t i = 0; i < h->owners.n; i++)
		if (!owner_foldable(h, &h->owners.v[i]))
			h->owners.v[kept++] = h->owners.v[i];
	x->owners_folded += h->owners.n - kept;
	h->owners.n = kept;
	hmap_clear(&x->owners);
	for (size_t i = 0; i < kept && !err; i++)
		err = hmap_put(&x->owners, owner_key(&h->owners.v[i]), (uint32_t)i);
	x->owners_scan_at = kept + FOLD_SMALL_MAX;
	return err;
}

/* Whether the process is gone without leaving anything that a report would explain. */
static bool proc_foldable(const struct history *h, const struct proc_history *p)
{
	const struct owner_sample *o = history__find_owner(h, p->last.id);

	return p->last.end.ended && !(p->last.flags & PROC_TARGET) && !(o && holds_pages(o));
}

static bool is_small(const struct proc_history *p)
{
	return ((const struct entry *)p)->moved <= FOLD_MOVED_MAX &&
	       !(p->last.flags & PROC_FOLLOWED);
}

static void mark_small(struct history *h)
{
	size_t n = 0, n_drop;

	vec_for_each(p, &h->procs)
		n += is_small(*p) && proc_foldable(h, *p);
	if (n <= FOLD_SMALL_MAX)
		return;
	n_drop = n - FOLD_SMALL_KEEP;
	vec_for_each(p, &h->procs) {
		if (!n_drop)
			break;
		if (is_small(*p) && proc_foldable(h, *p)) {
			((struct entry *)*p)->drop = true;
			n_drop--;
		}
	}
}

/* Those that may go first: followed ones last, then what moved least, then the oldest. */
static int compare_worth(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
	bool x_followed = x->h.last.flags & PROC_FOLLOWED;
	bool y_followed = y->h.last.flags & PROC_FOLLOWED;

	if (x_followed != y_followed)
		return x_followed - y_followed;
	if (x->moved != y->moved)
		return x->moved < y->moved ? -1 : 1;
	return (x->h.last_ns > y->h.last_ns) - (x->h.last_ns < y->h.last_ns);
}

static int mark_least(struct history *h)
{
	VEC(struct entry *) gone = {0};
	size_t n_kept = 0;
	int err = 0;

	vec_for_each(p, &h->procs) {
		struct entry *e = (struct entry *)*p;

		n_kept += e->h.last.end.ended && !e->drop;
		if (!e->drop && !err && proc_foldable(h, *p))
			err = vec_push(&gone, e);
	}
	if (!err && gone.n && n_kept > FOLD_ALL_MAX) {
		qsort(gone.v, gone.n, sizeof(*gone.v), compare_worth);
		for (size_t i = 0; i < gone.n && n_kept > FOLD_ALL_KEEP; i++, n_kept--)
			gone.v[i]->drop = true;
	}
	vec_free(&gone);
	return err;
}

static int drop_marked(struct history *h)
{
	struct history_index *x = h->index;
	size_t kept = 0;
	int err = 0;

	vec_for_each(p, &h->procs) {
		struct entry *e = (struct entry *)*p;

		if (!e->drop) {
			h->procs.v[kept++] = *p;
			continue;
		}
		x->procs_folded++;
		x->n_exited--;
		if (e->moved > x->procs_folded_moved)
			x->procs_folded_moved = e->moved;
		free_proc(*p);
	}
	h->procs.n = kept;
	hmap_clear(&x->procs);
	for (size_t i = 0; i < kept && !err; i++)
		err = hmap_put(&x->procs, proc_key(h->procs.v[i]->last.id), (uint32_t)i);
	return err;
}

static int fold_procs(struct history *h)
{
	size_t n_before = h->procs.n;
	int err;

	mark_small(h);
	err = mark_least(h);
	if (!err)
		err = drop_marked(h);
	h->index->scan_at = h->index->n_exited + FOLD_SMALL_MAX - FOLD_SMALL_KEEP;
	if (!err && h->procs.n < n_before)
		err = fold_owners(h);
	return err;
}

int history__add(struct history *h, const struct tick *t)
{
	int err = 0;

	if (!h->n_ticks) {
		h->start_ns = t->time_ns;
		h->start_mono_ns = t->mono_ns;
	}
	for (size_t i = 0; i < t->procs.n && !err; i++)
		err = add_proc(h, t, &t->procs.v[i]);
	for (size_t i = 0; i < t->owners.n && !err; i++)
		err = add_owner(h, &t->owners.v[i]);
	if (err)
		return err;
	vec_for_each(s, &t->smaps)
		add_smaps(h, s);
	vec_for_each(o, &t->ownership)
		add_ownership(h, o);
	vec_for_each(m, &t->mapped)
		add_mapped(h, m);

	err = history_add_machine(h, t);
	if (!err)
		err = add_events(h, t);
	if (!err)
		err = alert_list__keep(&h->alerts, &t->alerts, &h->index->events_dropped);
	if (!err)
		err = analysis_span__add(&h->analysis, &t->analysis, t->mono_ns);
	if (!err)
		err = facts__keep(&h->facts, &t->facts, &h->index->facts_dropped);
	if (!err)
		err = code_history__add(&h->code, t);
	if (!err)
		err = limits__merge(&h->limits, &t->limits);
	if (err)
		return err;
	h->self = t->self;
	h->n_procs_last = t->n_procs;
	h->end_ns = t->time_ns;
	h->end_mono_ns = t->mono_ns;
	h->n_ticks++;

	if (h->index->n_exited > h->index->scan_at)
		err = fold_procs(h);
	if (!err && h->owners.n > h->index->owners_scan_at)
		err = fold_owners(h);
	return err ? err : set_limits(h);
}
