/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/report_verdict.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analyze/judging.h"
#include "analyze/report_math.h"
#include "base/when.h"

/* Slab caches and cgroups that moved less are noise. */
#define NOTABLE_BYTES (64 << 10)

/* Taken so many times what is held: churn. */
#define CHURN_TIMES 3
/* No page taken for so long, and for such a share of the time sampled: at rest. */
#define REST_MIN_NS (10 * 1000000000ull)
#define REST_SHARE 5

/* --- what else is known of it --- */

static void add_words(struct report_verdict *v, const char *words)
{
	size_t len = strlen(v->reason);

	snprintf(v->reason + len, sizeof(v->reason) - len, "; %s", words);
}

static bool grows(const struct report_verdict *v)
{
	return v->is_leak || v->is_growing;
}

static void add_process_words(const struct report_process *p, struct report_verdict *v)
{
	char a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE], text[128];
	const struct span *swap = &p->value[PROC_SWAP];
	const struct attributed *pages = &p->attributed;

	if (!grows(v))
		return;
	if (swap->known && span_delta(*swap) > NOTABLE_BYTES) {
		snprintf(text, sizeof(text), "%s of it was swapped out",
			 human_bytes(a, (uint64_t)span_delta(*swap)));
		add_words(v, text);
	}
	/* what it held went with it */
	if (p->end.ended || !pages->known || pages->live[PAGES_USER] <= 0 ||
	    pages->taken[PAGES_USER] < 1 << 20)
		return;
	if ((uint64_t)pages->live[PAGES_USER] >= pages->taken[PAGES_USER] / 10 * 9)
		snprintf(text, sizeof(text), "it kept %s of the %s of pages it took",
			 human_bytes(a, (uint64_t)pages->live[PAGES_USER]),
			 human_bytes(b, pages->taken[PAGES_USER]));
	else
		snprintf(text, sizeof(text), "it took %s of pages and kept %s: the rest was churn",
			 human_bytes(b, pages->taken[PAGES_USER]),
			 human_bytes(a, (uint64_t)pages->live[PAGES_USER]));
	add_words(v, text);
}

/*
 * Of what does not grow (any more). Pages that come and go are churn; where none is taken for long,
 * what is allocated comes out of what was taken before: whether that is in use or was freed and is
 * kept by the allocator, pages do not tell.
 */
static void add_settled_words(const struct judging *j, const struct follow_subject *s,
			      const struct report_process *p, struct report_verdict *v)
{
	char a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE], time[HUMAN_DURATION_SIZE], text[192];
	const struct attributed *pages = &p->attributed;
	struct page_ages ages;

	if (grows(v) || p->end.ended)
		return;
	if (pages->known && pages->live[PAGES_USER] > 0 && pages->taken[PAGES_USER] >= 1 << 20 &&
	    pages->taken[PAGES_USER] / CHURN_TIMES >= (uint64_t)pages->live[PAGES_USER]) {
		snprintf(text, sizeof(text),
			 "it took %s of pages and holds %s of them: what it takes it gives back",
			 human_bytes(a, pages->taken[PAGES_USER]),
			 human_bytes(b, (uint64_t)pages->live[PAGES_USER]));
		add_words(v, text);
		return;
	}
	judging_ages(j, s, &ages);
	if (ages.rest_ns < REST_MIN_NS || ages.rest_ns < ages.sampled_ns / REST_SHARE)
		return;
	snprintf(text, sizeof(text),
		 "no page was taken for %s: what it allocates since then it holds already, in use "
		 "or kept by its allocator when freed",
		 human_duration(time, ages.rest_ns));
	add_words(v, text);
}

static void add_container_words(const struct report_container *c, struct report_verdict *v)
{
	char text[128];

	if (!grows(v) || !c->reclaims_known || !c->reclaims)
		return;
	snprintf(text, sizeof(text),
		 "the kernel reclaimed in it %llu times at its limit and it grew all the same",
		 (unsigned long long)c->reclaims);
	add_words(v, text);
}

static int compare_growers(const void *a, const void *b)
{
	const struct report_grower *x = a, *y = b;
	const struct report_verdict *v = &x->verdict, *w = &y->verdict;

	if (v->is_leak != w->is_leak)
		return w->is_leak - v->is_leak;
	if (x->counts != y->counts)
		return y->counts - x->counts;
	if (x->watched != y->watched)
		return y->watched - x->watched;
	if (v->is_count != w->is_count)
		return v->is_count - w->is_count;
	if (v->rate > w->rate || v->rate < w->rate)
		return v->rate < w->rate ? 1 : -1;
	if (x->id.pid != y->id.pid)
		return x->id.pid < y->id.pid ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void add_grower_words(const struct judging *j, const struct follow_subject *s,
			     struct report_verdict *v)
{
	if (s->kind == FOLLOW_PROCESS && v->series == follow_series_defs[FOLLOW_ANON_SWAP].name)
		vec_for_each(p, &j->r->processes)
			if (proc_id_equal(p->id, s->id))
				add_process_words(p, v);
	if (s->kind == FOLLOW_CGROUP)
		vec_for_each(c, &j->r->containers)
			if (!strcmp(c->path, s->name))
				add_container_words(c, v);
}

/* A group that a container's own init has made: its memory is the container's. */
static bool is_in_container(const struct report_grower *g, const struct report_grower *whole)
{
	size_t n = strlen(whole->name);

	return whole->container[0] && !g->id.pid && !strncmp(g->name, whole->name, n) &&
	       g->name[n] == '/';
}

/* Resident memory, heap and address space grow with what is allocated in them. */
static void mark_parts(struct report *r)
{
	vec_for_each(g, &r->growers)
		vec_for_each(whole, &r->growers)
			g->is_part |= (!g->counts && whole->counts && g->id.pid &&
				       proc_id_equal(g->id, whole->id)) ||
				      is_in_container(g, whole);
	/* A leak of memory is one, however many counters it moves. */
	vec_for_each(g, &r->growers) {
		r->judged.leaks += g->counts && !g->is_part && g->verdict.is_leak;
		r->judged.suspected += g->counts && !g->is_part && g->verdict.is_growing;
	}
}

static void name_container(struct report_grower *g, const struct cgroup_row *c)
{
	if (!c || !cgroup_row__is_container(c))
		return;
	g->runtime = container_runtime_names[c->runtime];
	memcpy(g->container, c->name, sizeof(g->container));
}

static int add_growers(struct judging *j)
{
	struct report *r = j->r;

	vec_for_each(c, &j->list) {
		const struct follow_subject *s = c->subject;
		struct report_grower g = {
			.subject = follow_kind_names[s->kind],
			.watched = judging_is_asked(s),
			.counts = follow_series_defs[follow_series_of(s, c->slot)].counts,
			.id = s->id,
		};

		memcpy(g.comm, s->comm, sizeof(g.comm));
		snprintf(g.name, sizeof(g.name), "%s", s->name ? s->name : "");
		name_container(&g, s->cgroup);
		judging__row(j, s, c->slot, &g.verdict);
		add_grower_words(j, s, &g.verdict);
		if (vec_push(&r->growers, g))
			return -ENOMEM;
	}
	mark_parts(r);
	if (r->growers.n)
		qsort(r->growers.v, r->growers.n, sizeof(*r->growers.v), compare_growers);
	return 0;
}

/* --- rows --- */

static struct span span_of(const struct judging *j, const struct follow_subject *s)
{
	const struct follow_slot *slot = &s->slot[0];
	(void)j;

	return (struct span){.known = slot->seen, .start = slot->first, .end = slot->last};
}

static int add_container(struct judging *j, const struct follow_subject *s)
{
	static const enum cgroup_value events[] = {CGROUP_EVENT_HIGH, CGROUP_EVENT_MAX};
	struct report_container c = {.use = span_of(j, s), .ended = !s->live};
	const struct cgroup_row *now = s->cgroup, *first = s->cgroup_first;

	if (!now || !c.use.known)
		return 0;
	c.runtime = now->runtime;
	memcpy(c.name, now->name, sizeof(c.name));
	c.has_limit = now->known & 1U << CGROUP_MAX;
	c.limit = now->value[CGROUP_MAX];
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		uint64_t before = first->value[events[i]], after = now->value[events[i]];

		if (!(first->known & now->known & 1U << events[i]))
			continue;
		c.reclaims_known = true;
		c.reclaims += after > before ? after - before : 0;
	}
	judging__row(j, s, 0, &c.verdict);
	add_container_words(&c, &c.verdict);
	c.path = strdup(s->name);
	if (!c.path)
		return -ENOMEM;
	if (!vec_push(&j->r->containers, c))
		return 0;
	free(c.path);
	return -ENOMEM;
}

static int add_slab_cache(struct judging *j, const struct follow_subject *s)
{
	struct report_slab_cache c = {.bytes = span_of(j, s)};

	if (!c.bytes.known || magnitude(span_delta(c.bytes)) < NOTABLE_BYTES)
		return 0;
	snprintf(c.name, sizeof(c.name), "%s", s->name);
	c.reclaim_known = c.is_reclaimable = s->is_reclaimable;
	judging__row(j, s, 0, &c.verdict);
	return vec_push(&j->r->slab_caches, c);
}

static int compare_spans(struct span a, struct span b)
{
	int64_t x = span_delta(a), y = span_delta(b);

	return x == y ? 0 : x < y ? 1 : -1;
}

static int compare_containers(const void *a, const void *b)
{
	const struct report_container *x = a, *y = b;

	return compare_spans(x->use, y->use) ?: strcmp(x->path, y->path);
}

static int compare_slabs(const void *a, const void *b)
{
	const struct report_slab_cache *x = a, *y = b;

	return compare_spans(x->bytes, y->bytes) ?: strcmp(x->name, y->name);
}

static int add_rows(struct judging *j)
{
	struct report *r = j->r;
	int err = 0;

	for (size_t i = 0; i < follow__n_subjects(j->f) && !err; i++) {
		const struct follow_subject *s = follow__subject(j->f, i);

		if (s->kind == FOLLOW_CGROUP)
			err = add_container(j, s);
		else if (s->kind == FOLLOW_SLAB)
			err = add_slab_cache(j, s);
	}
	if (r->containers.n)
		qsort(r->containers.v, r->containers.n, sizeof(*r->containers.v),
		      compare_containers);
	if (r->slab_caches.n)
		qsort(r->slab_caches.v, r->slab_caches.n, sizeof(*r->slab_caches.v), compare_slabs);
	return err;
}

static void judge_rows(struct judging *j)
{
	vec_for_each(p, &j->r->processes) {
		const struct follow_subject *s = follow__find_process(j->f, p->id);
		/* without its parts known, RSS is what there is to judge */
		unsigned int slot =
			s && s->slot[FOLLOW_ANON_SWAP].seen ? FOLLOW_ANON_SWAP : FOLLOW_RSS;

		if (!s)
			continue;
		judging__row(j, s, slot, &p->verdict);
		add_process_words(p, &p->verdict);
		add_settled_words(j, s, p, &p->verdict);
	}
}

static void judge_ledger(struct judging *j)
{
	for (size_t i = 0; i < follow__n_subjects(j->f); i++) {
		const struct follow_subject *s = follow__subject(j->f, i);
		int line = s->kind == FOLLOW_LEDGER ? ledger_line_find(s->name) : -1;

		if (line < 0)
			continue;
		vec_for_each(l, &j->r->ledger)
			if ((int)l->line == line)
				judging__row(j, s, 0, &l->verdict);
	}
}

static void count(struct judging *j)
{
	struct report_judged *n = &j->r->judged;
	struct book_stats stats;

	follow__stats(j->f, &stats);
	n->known = true;
	n->values = follow__n_values(j->f);
	n->series = stats.n;
	n->prior_permille = (uint32_t)(MANY_PRIOR * 1000 + 0.5);
	n->false_permille = (uint32_t)(JUDGING_FALSE_SHARE * 1000 + 0.5);
	j->many_asked = judging_many_asked(j->f);
}

int report_verdict__add(const struct follow *f, const struct code_history *code, struct report *r)
{
	struct judging j = {.f = f, .code = code, .r = r};
	int err;

	count(&j);
	err = judging__all(&j);
	if (!err)
		err = judging__control(&j);
	if (!err)
		err = add_rows(&j);
	if (!err) {
		judge_rows(&j);
		judge_ledger(&j);
		err = add_growers(&j);
	}
	if (!err)
		err = follow__limits(f, &r->limits);
	vec_free(&j.list);
	return err;
}

bool report_verdict__has(const struct report *r, enum verdict_kind kind)
{
	vec_for_each(g, &r->growers) {
		const struct report_verdict *v = &g->verdict;

		if (!g->counts || (!r->whole_machine && !g->watched))
			continue;
		if (v->is_leak || (kind == VERDICT_GROWING && v->is_growing))
			return true;
	}
	return false;
}
