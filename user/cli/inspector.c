/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/inspector.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/inspector_part.h"
#include "collect/fd_links.h"
#include "collect/file_nr.h"
#include "collect/mapping.h"
#include "collect/pid.h"
#include "collect/pid_wait.h"

#define NS_PER_MS 1000000ull

/* Processor time that a look may take: a part of what the run lasts, and never less than serves a
 * machine of some hundred processes. */
#define BUDGET_PERMILLE_FIRST 1
#define BUDGET_PERMILLE_LAST 4
#define BUDGET_MIN_FIRST_NS (100 * NS_PER_MS)
#define BUDGET_MIN_LAST_NS (400 * NS_PER_MS)

/* Descriptors kept of one process; all are counted. */
#define FDS_MAX 8192
#define GROUPS_MAX 5
/* Of the processes whose descriptors grow: so many have their sockets looked up. */
#define SOCKET_LOOKUPS_MAX 4

bool inspector__is_late(const struct inspector *x)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID) > x->deadline_ns;
}

int inspector__note(struct inspector *x, enum analysis_part part, int err, uint64_t n_skipped)
{
	struct analysis_note note = {part, (uint32_t)(err < 0 ? -err : err), n_skipped};

	if (err == -ENOMEM)
		return err;
	return vec_push(&x->tick->analysis.notes, note);
}

/* --- zombies --- */

static struct zombie_sight *find_sight(struct inspector *x, struct proc_id id)
{
	vec_for_each(s, &x->zombies)
		if (proc_id_equal(s->id, id))
			return s;
	return NULL;
}

static bool is_zombie(const struct proc_sample *p)
{
	return p->state == 'Z' && !(p->flags & PROC_KTHREAD);
}

static int note_zombies(struct inspector *x)
{
	size_t kept = 0;
	int err = 0;

	vec_for_each(s, &x->zombies) /* those that were reaped are forgotten */
		if (inspector__find(x, s->id))
			x->zombies.v[kept++] = *s;
	x->zombies.n = kept;
	vec_for_each(p, &x->sampler->list)
		if (!err && is_zombie(p) && x->zombies.n < INSPECTOR_ZOMBIES_MAX &&
		    !find_sight(x, p->id))
			err = vec_push(&x->zombies, (struct zombie_sight){p->id, x->tick->time_ns});
	return err;
}

/* Its end as the kernel side saw it; else when it was first seen dead. */
static void set_since(struct inspector *x, struct zombie *z)
{
	const struct zombie_sight *sight = find_sight(x, z->id);

	z->since_ns = sight ? sight->since_ns : x->tick->time_ns;
	vec_for_each(o, &x->sampler->owners) {
		if (o->kind != OWNER_PROCESS || !o->dead || !o->exit_ns ||
		    !proc_id_equal(o->id, z->id))
			continue;
		z->since_exact = true;
		z->since_ns = o->exit_ns;
	}
}

static struct zombie_parent *find_parent(struct analysis *a, uint32_t pid)
{
	vec_for_each(p, &a->parents)
		if (p->id.pid == pid)
			return p;
	return NULL;
}

static int count_parent(struct inspector *x, uint32_t pid)
{
	struct analysis *a = &x->tick->analysis;
	struct zombie_parent *known = find_parent(a, pid), parent = {.id = {.pid = pid}};

	if (known) {
		known->n_zombies++;
		return 0;
	}
	vec_for_each(p, &x->sampler->list) {
		if (p->id.pid != pid)
			continue;
		parent.id = p->id;
		parent.state = p->state;
		memcpy(parent.comm, p->comm, COMM_SIZE);
	}
	parent.n_zombies = 1;
	if (a->parents.n < INSPECTOR_ZOMBIES_MAX)
		pid_wait_read(x->root_fd, &parent);
	return vec_push(&a->parents, parent);
}

static int add_zombies(struct inspector *x)
{
	struct analysis *a = &x->tick->analysis;
	uint64_t n_skipped = 0;
	int err = 0;

	vec_for_each(p, &x->sampler->list) {
		struct zombie z = {.id = p->id, .ppid = p->ppid, .uid = p->uid};

		if (err || !is_zombie(p))
			continue;
		err = count_parent(x, p->ppid);
		if (a->zombies.n >= INSPECTOR_ZOMBIES_MAX) {
			n_skipped++;
			continue;
		}
		memcpy(z.comm, p->comm, COMM_SIZE);
		set_since(x, &z);
		if (!err)
			err = vec_push(&a->zombies, z);
	}
	return err ? err : inspector__note(x, PART_ZOMBIES, 0, n_skipped);
}

/* --- mappings --- */

static int add_mappings(struct inspector *x)
{
	uint64_t n_skipped = 0;
	int err = 0;

	vec_for_each(s, &x->suspects) {
		const struct proc_sample *p = &x->sampler->list.v[s->at];
		struct smaps_scan scan;
		int one;

		if (err || !(s->why & SUSPECT_MEMORY))
			continue;
		one = inspector__is_late(x) ? -ETIME : smaps_classes_read(x->root_fd, p->id, &scan);
		if (one == -ESRCH)
			continue; /* it has ended: nothing is missing */
		if (one == -ENOMEM)
			return one;
		n_skipped += one != 0;
		for (int i = 0; !one && !err && i < _MAPPING_CLASS_MAX; i++)
			if (scan.class[i].n)
				err = vec_push(&x->tick->analysis.mappings, scan.class[i]);
	}
	return err ? err : inspector__note(x, PART_MAPPINGS, 0, n_skipped);
}

/* --- open files --- */

static struct fd_mark *find_mark(struct inspector *x, struct proc_id id)
{
	for (size_t i = 0; i < x->n_marks; i++)
		if (proc_id_equal(x->marks[i].id, id))
			return &x->marks[i];
	return NULL;
}

static int set_mark(struct inspector *x, struct proc_id id, const struct open_files *files)
{
	if (x->n_marks >= INSPECTOR_MARKS || find_mark(x, id))
		return 0;
	return fd_mark__set(&x->marks[x->n_marks++], id, files);
}

static int add_fd_sample(struct inspector *x, const struct proc_sample *p,
			 const struct open_files *files)
{
	struct fd_sample s = {.id = p->id};

	memcpy(s.comm, p->comm, COMM_SIZE);
	memcpy(s.count, files->count, sizeof(s.count));
	s.limit_known = pid_fd_limit_read(x->root_fd, p->id.pid, &s.limit) == 0;
	for (size_t i = 0; i < files->n; i++) {
		const struct open_file *f = &files->v[i];

		if (!f->is_deleted || f->kind == FD_SHM)
			continue;
		s.n_deleted++;
		s.deleted_bytes += f->size_known ? f->allocated : 0;
	}
	return vec_push(&x->tick->analysis.fds, s);
}

static int add_fd_groups(struct inspector *x, const struct suspect *s,
			 const struct open_files *files, size_t *n_lookups)
{
	const struct proc_sample *p = &x->sampler->list.v[s->at];
	_cleanup_(net_sockets__free) struct net_sockets sockets = {0};
	struct fd_group_list groups = {0};
	int err = 0;

	if (files->count[FD_SOCKET] && s->why & SUSPECT_FDS_GROW &&
	    (*n_lookups)++ < SOCKET_LOOKUPS_MAX)
		err = net_sockets__read(&sockets, x->root_fd, p->id.pid);
	if (!err)
		err = fd_groups__add(&groups, GROUPS_MAX, p->id, files, &sockets,
				     find_mark(x, p->id));
	vec_for_each(g, &groups)
		err = err ?: vec_push(&x->tick->analysis.fd_groups, *g);
	vec_free(&groups);
	return err;
}

static int add_files_of(struct inspector *x, const struct suspect *s, struct open_files *files,
			size_t *n_lookups)
{
	const struct proc_sample *p = &x->sampler->list.v[s->at];
	int err = inspector__files(x, p, FDS_MAX, files);

	if (err)
		return err;
	err = add_fd_sample(x, p, files);
	if (!err && x->is_last)
		err = add_fd_groups(x, s, files, n_lookups);
	return err ? err : x->is_last ? 0 : set_mark(x, p->id, files);
}

static int add_files(struct inspector *x)
{
	_cleanup_(open_files__free) struct open_files files = {0};
	uint64_t n_skipped = 0;
	size_t n_lookups = 0;

	vec_for_each(s, &x->suspects) {
		int err;

		if (!(s->why & SUSPECT_FILES))
			continue;
		err = inspector__is_late(x) ? -ETIME : add_files_of(x, s, &files, &n_lookups);
		if (err == -ENOMEM)
			return err;
		n_skipped += err && err != -ESRCH;
	}
	return inspector__note(x, PART_FDS, 0, n_skipped);
}

/* Those that began to open more since the first look. */
static int mark_growing(struct inspector *x)
{
	_cleanup_(open_files__free) struct open_files files = {0};
	int err = 0;

	vec_for_each(s, &x->suspects) {
		const struct proc_sample *p = &x->sampler->list.v[s->at];

		if (err == -ENOMEM || !(s->why & SUSPECT_FDS_GROW) || find_mark(x, p->id) ||
		    inspector__is_late(x))
			continue;
		err = inspector__files(x, p, FDS_MAX, &files);
		if (!err)
			err = set_mark(x, p->id, &files);
	}
	return err == -ENOMEM ? err : 0;
}

/* --- all of it --- */

const struct proc_sample *inspector__find(const struct inspector *x, struct proc_id id)
{
	vec_for_each(p, &x->sampler->list)
		if (proc_id_equal(p->id, id))
			return p;
	return NULL;
}

int inspector__files(const struct inspector *x, const struct proc_sample *p, size_t max,
		     struct open_files *ret)
{
	struct pid_stat stat;
	int err = open_files__read(x->root_fd, p->id.pid, max, ret);

	if (!err)
		err = pid_stat_read(x->root_fd, p->id.pid, &stat);
	return err ? err : stat.start_ticks == p->id.start_ticks ? 0 : -ESRCH;
}

/* The cgroups of those that the report will name, as rows of the tick. */
static int add_cgroups(struct inspector *x)
{
	int err = 0;

	vec_for_each(s, &x->suspects) {
		struct proc_sample p = x->sampler->list.v[s->at];

		p.cgroup = NULL;
		if (cgroup_read(x->root_fd, p.id.pid, &p.cgroup))
			continue; /* died meanwhile, or no cgroups here */
		err = vec_push(&x->tick->procs, p);
		if (err) {
			free(p.cgroup);
			return err;
		}
	}
	return 0;
}

static void set_deadline(struct inspector *x)
{
	uint64_t permille = x->is_last ? BUDGET_PERMILLE_LAST : BUDGET_PERMILLE_FIRST;
	uint64_t least = x->is_last ? BUDGET_MIN_LAST_NS : BUDGET_MIN_FIRST_NS;
	uint64_t budget = x->duration_ns / 1000 * permille;

	x->deadline_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) + (budget > least ? budget : least);
}

int inspector__look(struct inspector *x, enum inspector_look look, const struct sampler *s,
		    const struct history *h, struct tick *t)
{
	static int (*const parts[])(struct inspector *) = {
		add_zombies,
		inspector__add_sysv,
		add_mappings,
		add_files,
	};
	int err;

	x->sampler = s;
	x->history = h;
	x->tick = t;
	x->is_last = look == LOOK_LAST;
	if (s->list_failed)
		return 0;
	set_deadline(x);
	err = suspects_choose(s->list.v, s->list.n, h, &x->suspects);
	if (!err)
		err = note_zombies(x);
	if (!err && look == LOOK_AGAIN)
		return mark_growing(x);
	for (size_t i = 0; !err && i < sizeof(parts) / sizeof(parts[0]); i++)
		err = parts[i](x);
	if (!err && x->is_last)
		err = inspector__add_shm(x);
	return err || !x->is_last ? err : add_cgroups(x);
}

void inspector__free(struct inspector *x)
{
	for (size_t i = 0; i < x->n_marks; i++)
		fd_mark__free(&x->marks[i]);
	vec_free(&x->zombies);
	vec_free(&x->suspects);
}
