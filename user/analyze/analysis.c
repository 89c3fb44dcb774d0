/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/analysis.h"

#include <stdio.h>
#include <string.h>

#include "analyze/look_first.h"
#include "analyze/machine_files.h"
#include "analyze/report_math.h"
#include "analyze/suspects.h"
#include "model/moment.h"

#define NS_PER_S 1000000000ULL
#define NS_PER_TICK (NS_PER_S / 100) /* of start_ticks: USER_HZ */

/* "Among the first few": so many by each rank. */
#define LEADERS 5
#define CONSUMERS_BY_RSS 10

/* --- consumers --- */

static void add_class(struct mapping_sample *s, const struct mapping_sample *m)
{
	s->n += m->n;
	s->size = add_sat_u64(s->size, m->size);
	s->rss = add_sat_u64(s->rss, m->rss);
	s->pss = add_sat_u64(s->pss, m->pss);
	s->private_clean = add_sat_u64(s->private_clean, m->private_clean);
	s->private_dirty = add_sat_u64(s->private_dirty, m->private_dirty);
	s->shared_clean = add_sat_u64(s->shared_clean, m->shared_clean);
	s->shared_dirty = add_sat_u64(s->shared_dirty, m->shared_dirty);
	s->swap = add_sat_u64(s->swap, m->swap);
	s->swap_pss = add_sat_u64(s->swap_pss, m->swap_pss);
	s->huge = add_sat_u64(s->huge, m->huge);
}

/* Where the process's rows are, which stand together. */
static size_t find_mappings(const struct analysis *a, struct proc_id id, size_t *ret_first)
{
	size_t n = 0;

	for (size_t i = 0; i < a->mappings.n; i++) {
		if (!proc_id_equal(a->mappings.v[i].id, id))
			continue;
		*ret_first = n ? *ret_first : i;
		n++;
	}
	return n;
}

static void take_mappings(const struct report_analysis *a, struct report_consumer *c)
{
	c->n_mappings = find_mappings(&a->now, c->id, &c->first_mapping);
	c->n_before = find_mappings(&a->before, c->id, &c->first_before);
	c->mappings_known = c->n_mappings;
	c->before_known = c->n_before;
	for (size_t i = 0; i < c->n_mappings; i++)
		add_class(&c->sum, &a->now.mappings.v[c->first_mapping + i]);
}

/* 0 with *ret, or -ENOENT: not known. */
static int amount(const struct report_consumer *c, enum consumer_rank rank, uint64_t *ret)
{
	static const enum proc_value values[_CONSUMER_RANK_MAX] = {
		[RANK_RSS] = PROC_RSS,
		[RANK_ANON] = PROC_ANON,
		[RANK_SWAP] = PROC_SWAP,
		[RANK_VSZ] = PROC_VSZ,
	};
	bool is_mapped = rank == RANK_PSS || rank == RANK_USS;

	if (is_mapped ? !c->mappings_known : !(c->last.known & 1u << values[rank]))
		return -ENOENT;
	if (rank == RANK_PSS)
		*ret = c->sum.pss;
	else if (rank == RANK_USS)
		*ret = add_sat_u64(c->sum.private_clean, c->sum.private_dirty);
	else
		*ret = c->last.value[values[rank]];
	return 0;
}

static bool is_before(const struct report_consumer *a, const struct report_consumer *b,
		      enum consumer_rank rank)
{
	uint64_t x = 0, y = 0;

	amount(a, rank, &x);
	amount(b, rank, &y);
	return x != y ? x > y : a->id.pid < b->id.pid;
}

/* How many are before it; stops when it is too far behind to matter. */
static size_t place_of(const struct report_analysis *a, const struct report_consumer *c,
		       enum consumer_rank rank, size_t enough)
{
	size_t n = 0;

	for (size_t i = 0; i < a->consumers.n && n < enough; i++)
		n += is_before(&a->consumers.v[i], c, rank);
	return n;
}

static void rank_consumers(struct report_analysis *a)
{
	vec_for_each(c, &a->consumers)
		for (int rank = 0; rank < _CONSUMER_RANK_MAX; rank++) {
			size_t n = rank == RANK_RSS ? CONSUMERS_BY_RSS : LEADERS;
			uint64_t bytes;

			if (!amount(c, (enum consumer_rank)rank, &bytes) && bytes &&
			    place_of(a, c, (enum consumer_rank)rank, n) < n)
				c->leads |= 1u << rank;
		}
}

static int by_rss(const void *a, const void *b)
{
	if (is_before(a, b, RANK_RSS))
		return -1;
	return is_before(b, a, RANK_RSS);
}

static bool is_alive(const struct proc_history *p)
{
	return !p->last.end.ended && p->last.state != 'Z' && !(p->last.flags & PROC_KTHREAD);
}

static int add_consumer(const struct history *h, const struct proc_history *p,
			struct report_analysis *a)
{
	const struct owner_sample *o = history__find_owner(h, p->last.id);
	struct report_consumer c = {
		.id = p->last.id,
		.ppid = p->last.ppid,
		.uid = p->last.uid,
		.last = p->last,
		.attributed.known = h->info.bpf,
	};
	uint64_t before, now;

	memcpy(c.comm, p->last.comm, COMM_SIZE);
	c.last.cgroup = NULL;
	c.cgroup = p->last.cgroup; /* made its own when it is kept */
	if (o) {
		memcpy(c.attributed.live, o->live, sizeof(o->live));
		memcpy(c.attributed.taken, o->taken, sizeof(o->taken));
	}
	c.grows = !proc_growing_bytes(&p->first, &before) && !proc_growing_bytes(&p->last, &now) &&
		  now > before && now - before >= SUSPECT_GROWTH_MIN;
	take_mappings(a, &c);
	return vec_push(&a->consumers, c);
}

/* Keeps those that lead by something, or grow and were looked at. */
static int cut_consumers(struct report_analysis *a)
{
	size_t kept = 0;
	int err = 0;

	for (size_t i = 0; i < a->consumers.n; i++) {
		struct report_consumer *c = &a->consumers.v[i];

		if (!c->leads && !(c->grows && c->mappings_known))
			continue;
		if (c->cgroup && !err) {
			c->cgroup = strdup(c->cgroup);
			err = c->cgroup ? 0 : -ENOMEM;
		} else {
			c->cgroup = NULL;
		}
		a->consumers.v[kept++] = *c;
	}
	a->consumers.n = kept;
	return err;
}

static int add_consumers(const struct history *h, struct report_analysis *a)
{
	int err = 0;

	vec_for_each(p, &h->procs)
		if (!err && is_alive(*p))
			err = add_consumer(h, *p, a);
	if (err) {
		a->consumers.n = 0; /* their strings are the history's */
		return err;
	}
	rank_consumers(a);
	err = cut_consumers(a);
	if (a->consumers.n)
		qsort(a->consumers.v, a->consumers.n, sizeof(*a->consumers.v), by_rss);
	return err;
}

/* --- open files --- */

static const struct fd_sample *find_fds(const struct analysis *a, struct proc_id id)
{
	vec_for_each(s, &a->fds)
		if (proc_id_equal(s->id, id))
			return s;
	return NULL;
}

static void set_growth(const struct history *h, struct report_files *f)
{
	const struct proc_history *p = history__find_proc(h, f->now.id);
	const uint32_t bit = 1u << PROC_FDS;

	if (!p || !(p->ever_known & bit))
		return;
	f->fds = (struct span){true, false, p->first.value[PROC_FDS], p->last.value[PROC_FDS]};
	f->seen_ns = h->end_mono_ns > p->first_ns ? h->end_mono_ns - p->first_ns : 0;
	f->grows = span_delta(f->fds) >= SUSPECT_FDS_MIN && f->fds.end >= p->peak[PROC_FDS];
}

static uint64_t files_used(const struct report_files *f)
{
	uint64_t n = 0;

	for (int i = 0; i < _FD_KIND_MAX; i++)
		n = add_sat_u64(n, f->now.count[i]);
	return n;
}

static int by_use(const void *a, const void *b)
{
	const struct report_files *x = a, *y = b;
	uint64_t grown_x = x->grows ? (uint64_t)span_delta(x->fds) : 0;
	uint64_t grown_y = y->grows ? (uint64_t)span_delta(y->fds) : 0;

	if (grown_x != grown_y)
		return grown_x < grown_y ? 1 : -1;
	if (files_used(x) != files_used(y))
		return files_used(x) < files_used(y) ? 1 : -1;
	return (x->now.id.pid > y->now.id.pid) - (x->now.id.pid < y->now.id.pid);
}

static int add_files(const struct history *h, struct report_analysis *a)
{
	vec_for_each(s, &a->now.fds) {
		const struct fd_sample *before = find_fds(&a->before, s->id);
		struct report_files f = {.now = *s, .before_known = before != NULL};

		if (before)
			f.before = *before;
		set_growth(h, &f);
		for (size_t i = 0; i < a->now.fd_groups.n; i++) {
			if (!proc_id_equal(a->now.fd_groups.v[i].id, s->id))
				continue;
			f.first_group = f.n_groups ? f.first_group : i;
			f.n_groups++;
		}
		if (vec_push(&a->files, f))
			return -ENOMEM;
	}
	if (a->files.n)
		qsort(a->files.v, a->files.n, sizeof(*a->files.v), by_use);
	return 0;
}

/* --- shared memory --- */

/* A pid of long ago may be another process's by now: that one started later. */
static void set_creator(const struct history *h, const struct report *r, struct report_segment *s)
{
	uint64_t made_ns = s->s.changed_s * NS_PER_S;

	if (!r->boot_ns || !h->procs.n)
		return;
	s->creator = CREATOR_GONE;
	vec_for_each(p, &h->procs) {
		const struct proc_sample *last = &(*p)->last;

		if (last->id.pid != s->s.creator || last->end.ended || last->state == 'Z')
			continue;
		/* whole seconds: made in the second in which it started is by itself */
		if (r->boot_ns + last->id.start_ticks * NS_PER_TICK > made_ns + NS_PER_S)
			continue;
		s->creator = CREATOR_ALIVE;
		memcpy(s->comm, last->comm, COMM_SIZE);
	}
}

static bool was_there(const struct analysis *first, uint32_t id)
{
	vec_for_each(s, &first->sysv)
		if (s->id == id)
			return true;
	return false;
}

static int by_segment(const void *a, const void *b)
{
	const struct report_segment *x = a, *y = b;

	if (x->is_orphan != y->is_orphan)
		return y->is_orphan - x->is_orphan;
	if (x->s.size != y->s.size)
		return x->s.size < y->s.size ? 1 : -1;
	return (x->s.id > y->s.id) - (x->s.id < y->s.id);
}

static int add_segments(const struct history *h, const struct report *r, struct report_analysis *a)
{
	bool twice = analysis__note(&a->before, PART_SYSV);

	vec_for_each(s, &a->now.sysv) {
		struct report_segment segment = {
			.s = *s,
			.is_orphan = !s->n_attached && !s->is_removed,
			.is_new = twice && !was_there(&a->before, s->id),
		};

		set_creator(h, r, &segment);
		if (vec_push(&a->segments, segment))
			return -ENOMEM;
	}
	if (a->segments.n)
		qsort(a->segments.v, a->segments.n, sizeof(*a->segments.v), by_segment);
	return 0;
}

static int by_file(const void *a, const void *b)
{
	const struct shm_holder *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return (x->id.pid > y->id.pid) - (x->id.pid < y->id.pid);
}

/* Or could at most. */
static uint64_t takes(const struct shm_file *f)
{
	return f->size_known ? f->allocated : f->size;
}

static int by_shm(const void *a, const void *b)
{
	const struct report_shm *x = a, *y = b;

	if (x->is_unheld != y->is_unheld)
		return y->is_unheld - x->is_unheld;
	if (takes(&x->file) != takes(&y->file))
		return takes(&x->file) < takes(&y->file) ? 1 : -1;
	return (x->file.inode > y->file.inode) - (x->file.inode < y->file.inode);
}

static int add_shm(struct report_analysis *a)
{
	if (a->now.holders.n)
		qsort(a->now.holders.v, a->now.holders.n, sizeof(*a->now.holders.v), by_file);
	vec_for_each(f, &a->now.shm) {
		struct report_shm shm = {.file = *f};

		shm.is_unheld = f->kind == SHM_POSIX && !f->n_holders && !f->is_deleted;
		for (size_t i = 0; i < a->now.holders.n; i++) {
			const struct shm_holder *holder = &a->now.holders.v[i];

			if (holder->dev != f->dev || holder->inode != f->inode)
				continue;
			shm.first_holder = shm.n_holders ? shm.first_holder : i;
			shm.n_holders++;
		}
		if (vec_push(&a->shm, shm))
			return -ENOMEM;
	}
	if (a->shm.n)
		qsort(a->shm.v, a->shm.n, sizeof(*a->shm.v), by_shm);
	return 0;
}

static int by_used(const void *a, const void *b)
{
	const struct report_tmpfs *x = a, *y = b;

	if (x->mount.used != y->mount.used)
		return x->mount.used < y->mount.used ? 1 : -1;
	return strcmp(x->mount.path, y->mount.path);
}

static int add_tmpfs(struct report_analysis *a)
{
	vec_for_each(m, &a->now.tmpfs) {
		struct report_tmpfs t = {.mount = *m};

		vec_for_each(before, &a->before.tmpfs) {
			if (before->major != m->major || before->minor != m->minor ||
			    !before->use_known || !m->use_known)
				continue;
			t.before_known = true;
			t.used_before = before->used;
		}
		if (vec_push(&a->tmpfs, t))
			return -ENOMEM;
	}
	if (a->tmpfs.n)
		qsort(a->tmpfs.v, a->tmpfs.n, sizeof(*a->tmpfs.v), by_used);
	return 0;
}

/* --- zombies --- */

static int by_zombies(const void *a, const void *b)
{
	const struct zombie_parent *x = a, *y = b;

	if (x->n_zombies != y->n_zombies)
		return x->n_zombies < y->n_zombies ? 1 : -1;
	return (x->id.pid > y->id.pid) - (x->id.pid < y->id.pid);
}

static int by_age(const void *a, const void *b)
{
	const struct zombie *x = a, *y = b;

	if (x->since_ns != y->since_ns)
		return x->since_ns < y->since_ns ? -1 : 1;
	return (x->id.pid > y->id.pid) - (x->id.pid < y->id.pid);
}

static void sort_zombies(struct analysis *a)
{
	if (a->parents.n)
		qsort(a->parents.v, a->parents.n, sizeof(*a->parents.v), by_zombies);
	if (a->zombies.n)
		qsort(a->zombies.v, a->zombies.n, sizeof(*a->zombies.v), by_age);
}

/* --- all of it --- */

static int add_part_limits(const struct report_analysis *a, struct report *r)
{
	static const char *const meanings[_ANALYSIS_PART_MAX] = {
		[PART_ZOMBIES] = "zombies that are counted but not listed",
		[PART_FDS] = "processes whose open files were not listed: no rights, or no time",
		[PART_SYSV] = "System V segments that are not listed",
		[PART_TMPFS] = "file systems in memory that are not listed",
		[PART_SHM] = "processes not looked through: shared memory may have unseen holders",
		[PART_MAPPINGS] = "processes whose PSS and USS were not read: no rights, no time",
	};
	int err = 0;

	vec_for_each(note, &a->now.notes) {
		char kind[LIMIT_KIND_SIZE];

		snprintf(kind, sizeof(kind), "analysis_%s_%s", analysis_part_names[note->part],
			 note->error ? "unreadable" : "skipped");
		if (!err && note->error)
			err = limits__set(&r->limits, kind, 0, "this part could not be read: %s",
					  strerror((int)note->error));
		else if (!err && note->n_skipped)
			err = limits__set(&r->limits, kind, note->n_skipped, "%s",
					  meanings[note->part]);
	}
	return err;
}

int analysis__add(const struct history *h, struct report *r)
{
	struct report_analysis *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return -ENOMEM;
	r->analysis = a;
	a->machine_files = machine_files_of(h);
	err = analysis__copy(&a->now, &h->analysis.last);
	if (!err && h->analysis.first_ns != h->analysis.last_ns)
		err = analysis__copy(&a->before, &h->analysis.first);
	/* The last look alone has all parts. */
	a->known = analysis__note(&a->now, PART_SHM);
	sort_zombies(&a->now);
	if (!err)
		err = add_consumers(h, a);
	if (!err)
		err = add_files(h, a);
	if (!err)
		err = add_segments(h, r, a);
	if (!err)
		err = add_shm(a);
	if (!err)
		err = add_tmpfs(a);
	if (!err)
		err = add_part_limits(a, r);
	return err ? err : look_first__add(h, r);
}
