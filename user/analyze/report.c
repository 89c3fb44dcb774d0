/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/report.h"

#include <string.h>

#include "analyze/analysis.h"
#include "analyze/report_head.h"
#include "analyze/report_ledger.h"
#include "analyze/report_math.h"
#include "analyze/report_paths.h"
#include "analyze/report_removed.h"
#include "analyze/report_verdict.h"

#define NS_PER_S 1000000000ULL
#define NS_PER_HOUR (3600.0 * 1e9)

/* --- processes --- */

static bool is_analysis(const struct history *h)
{
	return !strcmp(h->info.mode, "analyze");
}

static void fill_spans(const struct proc_history *h, struct report_process *p)
{
	for (int i = 0; i < _PROC_VALUE_MAX; i++) {
		uint32_t bit = 1U << i;

		p->value[i] = (struct span){.known = h->ever_known & bit};
		if (!p->value[i].known)
			continue;
		p->value[i].approx = (h->first.approx | h->last.approx) & bit;
		p->value[i].start = h->first.value[i];
		p->value[i].end = h->last.value[i];
	}
	if (!h->has_smaps_first || !h->has_smaps_last)
		return;
	p->pss = (struct span){true, false, h->smaps_first.pss, h->smaps_last.pss};
	p->uss = (struct span){true, false,
			       h->smaps_first.private_clean + h->smaps_first.private_dirty,
			       h->smaps_last.private_clean + h->smaps_last.private_dirty};
}

static void add_growth(struct report_process *p, enum proc_value value)
{
	const struct span *s = &p->value[value];

	if (!s->known)
		return;
	p->growth_known = true;
	p->growth_approx |= s->approx;
	p->growth_bytes = add_sat(p->growth_bytes, span_delta(*s));
}

static void fill_growth(struct report_process *p)
{
	if (p->value[PROC_ANON].known) {
		add_growth(p, PROC_ANON);
		add_growth(p, PROC_SWAP);
		add_growth(p, PROC_SHMEM);
	} else {
		add_growth(p, PROC_RSS);
	}
	p->rate_known = p->growth_known && p->seen_ns >= NS_PER_S;
	if (p->rate_known)
		p->rate_bytes_per_hour = (double)p->growth_bytes * NS_PER_HOUR / (double)p->seen_ns;
}

/* A process without an owner took no page since attach: unless the table was
 * full and its pages are among those of several. */
static bool owners_complete(const struct history *h)
{
	vec_for_each(o, &h->owners)
		if (o->kind == OWNER_OVERFLOW)
			return false;
	return h->info.bpf;
}

static void fill_attributed(const struct history *h, bool complete, struct report_process *p)
{
	const struct owner_sample *o = history__find_owner(h, p->id);

	p->attributed.known = o || complete;
	if (!o)
		return;
	memcpy(p->attributed.live, o->live, sizeof(o->live));
	memcpy(p->attributed.taken, o->taken, sizeof(o->taken));
}

static void fill_process(const struct history *h, bool complete, const struct proc_history *ph,
			 struct report_process *p)
{
	uint64_t until = ph->last.end.ended ? ph->last_ns : h->end_mono_ns;

	*p = (struct report_process){
		.id = ph->last.id,
		.ppid = ph->last.ppid,
		.uid = ph->last.uid,
		.flags = ph->last.flags,
		.end = ph->last.end,
		.has_ownership = ph->has_ownership,
		.ownership = ph->ownership,
		.has_mapped = ph->has_mapped,
		.mapped = ph->mapped,
		.seen_ns = until > ph->first_ns ? until - ph->first_ns : 0,
	};
	memcpy(p->comm, ph->last.comm, sizeof(p->comm));
	fill_spans(ph, p);
	fill_growth(p);
	fill_attributed(h, complete, p);
}

static uint64_t moved(const struct report_process *p)
{
	const struct span *rss = &p->value[PROC_RSS];
	uint64_t growth = magnitude(p->growth_bytes);
	uint64_t rss_moved = rss->known ? magnitude(span_delta(*rss)) : 0;

	return growth > rss_moved ? growth : rss_moved;
}

/* Kernel threads have no memory of their own: their pages are with the other owners. */
static bool is_shown(const struct report_process *p, const struct report_options *o)
{
	if (is_target(p))
		return true;
	return !(p->flags & PROC_KTHREAD) && moved(p) >= o->min_bytes;
}

static int compare_processes(const void *a, const void *b)
{
	const struct report_process *x = a, *y = b;
	uint64_t grown_x = magnitude(x->growth_bytes), grown_y = magnitude(y->growth_bytes);

	if (is_target(x) != is_target(y))
		return is_target(y) - is_target(x);
	if (grown_x != grown_y)
		return grown_x < grown_y ? 1 : -1;
	if (x->id.pid != y->id.pid)
		return x->id.pid < y->id.pid ? -1 : 1;
	return (x->id.start_ticks > y->id.start_ticks) - (x->id.start_ticks < y->id.start_ticks);
}

/* Of those sorted: the targets, and the first `top` others. */
static void cut_processes(struct report *r, uint32_t top)
{
	size_t n = 0;

	while (n < r->processes.n && is_target(&r->processes.v[n]))
		n++;
	if (top && r->processes.n - n > top)
		r->processes.n = n + top;
}

static int set_cgroups(const struct history *h, struct report *r)
{
	vec_for_each(p, &r->processes) {
		const struct proc_history *ph = history__find_proc(h, p->id);

		if (!ph || !ph->last.cgroup)
			continue;
		p->cgroup = strdup(ph->last.cgroup);
		if (!p->cgroup)
			return -ENOMEM;
	}
	return 0;
}

static int add_processes(const struct history *h, const struct report_options *o, struct report *r)
{
	bool complete = owners_complete(h);

	vec_for_each(ph, &h->procs) {
		struct report_process p;

		fill_process(h, complete, *ph, &p);
		/* What those left that have ended is told apart: nothing grows any more. */
		if (is_analysis(h) && p.end.ended)
			continue;
		if (is_shown(&p, o) && vec_push(&r->processes, p))
			return -ENOMEM;
	}
	if (r->processes.n)
		qsort(r->processes.v, r->processes.n, sizeof(*r->processes.v), compare_processes);
	cut_processes(r, o->top);
	return set_cgroups(h, r);
}

/* --- owners --- */

/* Bytes that outlived the process. What descendants still map is theirs by now. */
static uint64_t held_by(const struct owner_sample *o)
{
	uint64_t held = 0;

	if (o->residue.known)
		return add_sat_u64(add_sat_u64(o->residue.shmem, o->residue.file),
				   o->residue.kernel);
	for (int i = 0; i < _PAGE_CLASS_MAX; i++)
		if (o->live[i] > 0)
			held = add_sat_u64(held, (uint64_t)o->live[i]);
	return held;
}

static int compare_residues(const void *a, const void *b)
{
	const struct report_residue *x = a, *y = b;

	if (x->held != y->held)
		return x->held < y->held ? 1 : -1;
	return (x->owner.id.pid > y->owner.id.pid) - (x->owner.id.pid < y->owner.id.pid);
}

static int add_left_behind(const struct history *h, struct report *r)
{
	vec_for_each(o, &h->owners) {
		struct report_residue residue = {*o, held_by(o)};

		if (!o->dead && o->kind != OWNER_EXITED_GROUP)
			continue;
		if (residue.held && vec_push(&r->left_behind, residue))
			return -ENOMEM;
	}
	if (r->left_behind.n)
		qsort(r->left_behind.v, r->left_behind.n, sizeof(*r->left_behind.v),
		      compare_residues);
	return 0;
}

static bool is_shared_kind(const struct owner_sample *o)
{
	return o->kind == OWNER_ASYNC || o->kind == OWNER_OVERFLOW ||
	       (o->kind == OWNER_KTHREAD && !o->dead);
}

static bool has_pages(const struct owner_sample *o)
{
	for (int i = 0; i < _PAGE_CLASS_MAX; i++)
		if (o->live[i] > 0 || o->taken[i])
			return true;
	return false;
}

static int compare_owners(const void *a, const void *b)
{
	const struct report_owner *x = a, *y = b;
	int64_t live_x = live_sum(&x->owner), live_y = live_sum(&y->owner);

	if (live_x != live_y)
		return live_x < live_y ? 1 : -1;
	if (x->owner.kind != y->owner.kind)
		return x->owner.kind < y->owner.kind ? -1 : 1;
	return (x->owner.id.pid > y->owner.id.pid) - (x->owner.id.pid < y->owner.id.pid);
}

static int add_other_owners(const struct history *h, struct report *r)
{
	vec_for_each(o, &h->owners) {
		struct report_owner other = {*o};

		if (is_shared_kind(o) && has_pages(o) && vec_push(&r->other_owners, other))
			return -ENOMEM;
	}
	if (r->other_owners.n)
		qsort(r->other_owners.v, r->other_owners.n, sizeof(*r->other_owners.v),
		      compare_owners);
	return 0;
}

/* --- the machine --- */

static int add_events(const struct history *h, struct report *r)
{
	vec_for_each(e, &h->events)
		if (vec_push(&r->events, *e))
			return -ENOMEM;
	return 0;
}

static void fill_run(const struct history *h, struct report *r)
{
	r->info = h->info;
	r->whole_machine =
		!strcmp(h->info.mode, "monitor") || !strcmp(h->info.mode, "boot") || is_analysis(h);
	r->start_ns = h->start_ns;
	r->end_ns = h->end_ns;
	r->n_ticks = h->n_ticks;
	r->n_procs = h->n_procs_last;
	r->self = h->self;
	if (h->end_mono_ns > h->start_mono_ns)
		r->duration_ns = h->end_mono_ns - h->start_mono_ns;
	if (h->start_ns > h->start_mono_ns)
		r->boot_ns = h->start_ns - h->start_mono_ns;
}

int report__build(const struct history *h, const struct report_options *o, struct report **ret)
{
	struct report *r = calloc(1, sizeof(*r));
	uint64_t n_dropped = 0; /* none: the history has the same bound */
	int err;

	if (!r)
		return -ENOMEM;
	fill_run(h, r);
	err = add_processes(h, o, r);
	if (!err)
		err = add_left_behind(h, r);
	if (!err)
		err = report_removed__add(h, r);
	if (!err)
		err = add_other_owners(h, r);
	if (!err)
		err = add_events(h, r);
	if (!err)
		err = alert_list__keep(&r->alerts, &h->alerts, &n_dropped);
	if (!err)
		err = limits__merge(&r->limits, &h->limits);
	if (!err)
		err = report_ledger__add(h, r);
	if (!err && o->follow)
		err = report_verdict__add(o->follow, &h->code, r);
	if (!err)
		err = report_paths__add(h, o, r);
	if (!err)
		err = is_analysis(h) ? analysis__add(h, r) : report_head__add(h, r);
	if (err) {
		report__free(r);
		return err;
	}
	*ret = r;
	return 0;
}
