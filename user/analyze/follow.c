/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <errno.h>
#include <string.h>

#include "analyze/follow_state.h"
#include "analyze/follow_values.h"
#include "analyze/ledger.h"
#include "base/cleanup.h"

#define NS_PER_S 1e9

const char *const follow_kind_names[_FOLLOW_KIND_MAX] = {
	[FOLLOW_PROCESS] = "process",
	[FOLLOW_CGROUP] = "cgroup",
	[FOLLOW_SLAB] = "slab",
	[FOLLOW_LEDGER] = "ledger",
};

const struct follow_series_def follow_series_defs[_FOLLOW_SERIES_MAX] = {
	[FOLLOW_ANON_SWAP] = {"anon_swap", "anonymous memory (with swap)", .counts = true},
	[FOLLOW_SHMEM] = {"shmem", "shared memory", .counts = true},
	[FOLLOW_FDS] = {"fds", "open descriptors", .is_count = true, .counts = true},
	[FOLLOW_THREADS] = {"threads", "threads", .is_count = true, .counts = true},
	[FOLLOW_RSS] = {"rss", "resident memory", .counts = false},
	[FOLLOW_HEAP] = {"heap", "heap (brk)", .counts = false},
	[FOLLOW_VSZ] = {"vsz", "address space", .counts = false},
	[FOLLOW_CGROUP_USE] = {"cgroup", "memory without its page cache", .counts = true},
	[FOLLOW_SLAB_PAGES] = {"slab", "slab pages", .counts = true},
	[FOLLOW_LEDGER_LINE] = {"ledger", "memory of the machine", .counts = false},
	[FOLLOW_PATH_LIVE] = {"path", "live memory of the path", .counts = false},
};

int follow__new(struct follow **ret)
{
	struct follow *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	err = book__new(FOLLOW_SERIES_MAX, FOLLOW_LOOKS, &f->book);
	if (err) {
		free(f);
		return err;
	}
	*ret = f;
	return 0;
}

void follow__free(struct follow *f)
{
	if (!f)
		return;
	vec_for_each(s, &f->subjects)
		follow_free_subject(*s);
	vec_free(&f->subjects);
	hmap_free(&f->index);
	book__free(f->book);
	free(f);
}

/* --- subjects --- */

static unsigned int slots_of(enum follow_kind kind)
{
	return kind == FOLLOW_PROCESS ? _FOLLOW_PROCESS_SERIES : 1;
}

/* *ret is NULL when there are too many. 0 or -ENOMEM. */
static int add_subject(struct follow *f, enum follow_kind kind, struct hmap_key key,
		       const char *name, struct follow_subject **ret)
{
	unsigned int n = slots_of(kind);
	_cleanup_free_ struct follow_subject *s = calloc(1, sizeof(*s) + n * sizeof(s->slot[0]));
	_cleanup_free_ char *copy = name ? strdup(name) : NULL;
	int err;

	*ret = NULL;
	if (!s || (name && !copy))
		return -ENOMEM;
	if (f->subjects.n >= FOLLOW_SUBJECTS_MAX) {
		f->subjects_left_out++;
		return 0;
	}
	err = vec_reserve(&f->subjects, f->subjects.n + 1);
	if (!err)
		err = hmap_put(&f->index, key, (uint32_t)f->subjects.n);
	if (err)
		return err;
	s->kind = kind;
	s->key = key;
	s->n_slots = n;
	s->live = true;
	s->name = TAKE_PTR(copy);
	for (unsigned int i = 0; i < n; i++)
		s->slot[i].handle = BOOK_NONE;
	*ret = TAKE_PTR(s);
	f->subjects.v[f->subjects.n++] = *ret;
	return 0;
}

static void end_subject(struct follow *f, struct follow_subject *s)
{
	if (s->live) {
		f->n_gone++;
		s->end_tick = f->n_ticks;
		s->end_s = f->last_s;
		follow_judge_ended(f, s);
	}
	s->live = false;
	for (unsigned int i = 0; i < s->n_slots; i++) {
		s->slot[i].known = false;
		if (s->slot[i].handle != BOOK_NONE)
			book__pause(f->book, s->slot[i].handle);
	}
}

static void revive(struct follow *f, struct follow_subject *s)
{
	f->n_gone -= !s->live;
	s->live = true;
}

/* --- values --- */

static double kb_of(enum follow_series series, uint64_t value)
{
	return follow_series_defs[series].is_count ? (double)value * VERDICT_COUNT_KB
						   : (double)value / 1024;
}

static unsigned int flags_of(const struct follow_subject *s, enum follow_series series)
{
	return (follow_series_defs[series].is_count ? BOOK_COUNT : 0) |
	       (s->is_reclaimable ? BOOK_RECLAIMABLE : 0) | (follow_is_asked(s) ? BOOK_ASKED : 0);
}

struct book_past follow__past(const struct follow *f, const struct follow_subject *s,
			      unsigned int slot)
{
	const struct follow_slot *x = &s->slot[slot];

	return (struct book_past){
		.first_s = x->first_s,
		.last_s = s->live ? f->last_s : s->end_s,
		.n = x->seen ? (s->live ? f->n_ticks : s->end_tick) - x->first_tick : 0,
		.kb = kb_of(follow_series_of(s, slot), x->first),
	};
}

static int begin_series(struct follow *f, const struct follow_subject *s, unsigned int i,
			struct follow_slot *slot)
{
	enum follow_series series = follow_series_of(s, i);
	struct book_past past = follow__past(f, s, i);
	int err = book__open(f->book, flags_of(s, series), &past, &slot->handle);

	if (err == -ENOSPC) {
		follow_evict_ended(f);
		err = book__open(f->book, flags_of(s, series), &past, &slot->handle);
	}
	if (err == -ENOSPC) {
		slot->refused = true;
		f->series_left_out++;
		return 0;
	}
	return err;
}

static int set_value(struct follow *f, struct follow_subject *s, unsigned int i, double t_s,
		     uint64_t value)
{
	enum follow_series series = follow_series_of(s, i);
	struct follow_slot *slot = &s->slot[i];
	int err = 0;

	if (!slot->known && slot->handle == BOOK_NONE && !slot->refused)
		*slot = (struct follow_slot){
			.first = value,
			.handle = BOOK_NONE,
			.first_tick = f->n_ticks,
			.first_s = t_s,
			.seen = true,
		};
	slot->known = true;
	slot->last = value;
	if (slot->handle == BOOK_NONE && value != slot->first && !slot->refused)
		err = begin_series(f, s, i, slot);
	if (slot->handle != BOOK_NONE) {
		book__entry(f->book, slot->handle)->flags = (uint8_t)flags_of(s, series);
		book__set(f->book, slot->handle, kb_of(series, value));
	}
	return err;
}

static void unset_value(struct follow *f, struct follow_subject *s, unsigned int i)
{
	s->slot[i].known = false;
	if (s->slot[i].handle != BOOK_NONE)
		book__pause(f->book, s->slot[i].handle);
}

static int add_process(struct follow *f, double t_s, const struct proc_sample *p)
{
	struct follow_subject *s = follow_find(f, follow_process_key(p->id));
	int err = 0;

	if (p->flags & PROC_KTHREAD)
		return 0; /* no memory of their own */
	if (!s && p->end.ended)
		return 0;
	if (!s)
		err = add_subject(f, FOLLOW_PROCESS, follow_process_key(p->id), NULL, &s);
	if (err || !s)
		return err;
	s->id = p->id;
	s->flags |= p->flags;
	memcpy(s->comm, p->comm, sizeof(s->comm));
	if (p->flags & PROC_EXECED) /* another program: its memory begins anew */
		follow_close_slots(f, s);
	if (p->end.ended) {
		end_subject(f, s);
		return 0;
	}
	revive(f, s);
	for (unsigned int i = 0; i < _FOLLOW_PROCESS_SERIES && !err; i++) {
		uint64_t value;

		if (follow_process_value(p, (enum follow_series)i, &value))
			unset_value(f, s, i);
		else
			err = set_value(f, s, i, t_s, value);
	}
	return err;
}

static int set_cgroup(struct follow_subject *s, const struct cgroup_row *row)
{
	if (!s->cgroup) {
		s->cgroup = calloc(1, sizeof(*s->cgroup));
		s->cgroup_first = calloc(1, sizeof(*s->cgroup));
		if (!s->cgroup || !s->cgroup_first)
			return -ENOMEM;
		*s->cgroup_first = *row;
		s->cgroup_first->path = NULL;
	}
	*s->cgroup = *row;
	s->cgroup->path = NULL;
	return 0;
}

/* One value of what has no more. */
struct follow_point {
	enum follow_kind kind;
	struct hmap_key key;
	const char *name; /* copied when it is new */
	bool gone, is_reclaimable;
	bool not_judged; /* there, but no series of its own */
	uint64_t value;	 /* bytes */
};

static int add_point(struct follow *f, double t_s, const struct follow_point *p,
		     struct follow_subject **ret)
{
	struct hmap_key key = p->key;
	struct follow_subject *s;
	int err = 0;

	key.w[2] = key.w[2] * _FOLLOW_KIND_MAX + p->kind;
	s = follow_find(f, key);
	*ret = s;
	if (p->gone) {
		if (s)
			end_subject(f, s);
		return 0;
	}
	if (!s)
		err = add_subject(f, p->kind, key, p->name, &s);
	*ret = s;
	if (err || !s)
		return err;
	revive(f, s);
	s->is_reclaimable = p->is_reclaimable;
	return p->not_judged ? 0 : set_value(f, s, 0, t_s, p->value);
}

static int add_cgroup(struct follow *f, double t_s, const struct cgroup_row *row)
{
	struct follow_point p = {
		.kind = FOLLOW_CGROUP,
		.key = name_key(row->path ? row->path : "", 0),
		.name = row->path ? row->path : "",
		.gone = row->gone,
	};
	struct follow_subject *s;
	int err;

	/* Others are sums of these, or what people do between two logins. */
	p.not_judged = follow_cgroup_value(row, &p.value) ||
		       (row->runtime == RUNTIME_NONE && !(row->known & 1U << CGROUP_MAX));
	err = add_point(f, t_s, &p, &s);
	return err || !s || row->gone ? err : set_cgroup(s, row);
}

static int add_slab(struct follow *f, double t_s, const struct slab_sample *row)
{
	struct follow_point p = {
		.kind = FOLLOW_SLAB,
		.key = name_key(row->name, 0),
		.name = row->name,
		.gone = row->gone,
		.is_reclaimable = row->reclaim_known && row->is_reclaimable,
		.value = row->bytes,
	};
	struct follow_subject *s;

	return add_point(f, t_s, &p, &s);
}

/* What owners that no counter names were found to hold is looked up now and then only: here it
 * stays in the unnamed rest. */
static int add_ledger(struct follow *f, double t_s, const struct tick *t)
{
	const struct ledger_input in = {
		.meminfo = t->meminfo.v,
		.n_meminfo = t->meminfo.n,
		.machine = t->machine.v,
		.n_machine = t->machine.n,
	};
	struct ledger ledger;
	int err = 0;

	if (!t->meminfo.n || ledger_make(&in, &ledger))
		return 0;
	for (int i = 0; i < _LEDGER_LINE_MAX && !err; i++) {
		struct follow_point p = {
			.kind = FOLLOW_LEDGER,
			.key = {{(uint64_t)i, 0, 0}},
			.name = ledger_lines[i].word,
			.is_reclaimable = ledger_lines[i].is_available,
			.value = ledger.line[i],
		};
		struct follow_subject *s;

		if (follow_ledger_line(&ledger, (enum ledger_line)i))
			err = add_point(f, t_s, &p, &s);
	}
	return err;
}

static void learn_available(struct follow *f, const struct tick *t)
{
	uint64_t available, swap = 0;

	if (!t->meminfo.n)
		return;
	f->has_available = !meminfo_find(t->meminfo.v, t->meminfo.n, "MemAvailable", &available);
	if (!f->has_available)
		return;
	if (meminfo_find(t->meminfo.v, t->meminfo.n, "SwapFree", &swap))
		swap = 0;
	if (__builtin_add_overflow(available, swap, &f->available))
		f->available = UINT64_MAX;
}

static double seconds(struct follow *f, uint64_t mono_ns)
{
	if (!f->has_start) {
		f->has_start = true;
		f->start_ns = mono_ns;
	}
	/* a damaged file may hold times that go back */
	return mono_ns > f->start_ns ? (double)(mono_ns - f->start_ns) / NS_PER_S : 0;
}

int follow__tick(struct follow *f, const struct tick *t)
{
	double t_s = num_max(seconds(f, t->mono_ns), f->last_s);
	int err = 0;

	f->evicted = false;
	for (size_t i = 0; i < t->procs.n && !err; i++)
		err = add_process(f, t_s, &t->procs.v[i]);
	for (size_t i = 0; i < t->cgroups.n && !err; i++)
		err = add_cgroup(f, t_s, &t->cgroups.v[i]);
	for (size_t i = 0; i < t->slabs.n && !err; i++)
		err = add_slab(f, t_s, &t->slabs.v[i]);
	if (!err)
		err = add_ledger(f, t_s, t);
	if (err)
		return err;
	learn_available(f, t);
	book__tick(f->book, t_s);
	f->last_s = t_s;
	f->n_ticks++;
	return f->n_gone > FOLLOW_ENDED_MAX ? follow_forget_ended(f) : 0;
}
