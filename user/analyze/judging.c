/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/judging.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* Memory of the whole machine goes with the day: until two have been seen, half a cycle looks
 * like a leak. */
#define CYCLE_S (2 * 86400.0)

/* --- one series --- */

/* RSS that grows by file pages is a cache: the kernel takes it back. */
static bool grows_by_files(const struct judging *j, const struct follow_subject *s)
{
	const struct follow_slot *rss = &s->slot[FOLLOW_RSS], *anon = &s->slot[FOLLOW_ANON_SWAP];
	const struct book_entry *e = follow__entry(j->f, anon);
	double rss_growth, anon_growth;

	if (!rss->seen || !anon->seen)
		return false;
	rss_growth = (double)rss->last - (double)rss->first;
	anon_growth = e ? (double)anon->last - (double)anon->first : 0;
	return rss_growth > 0 && anon_growth < rss_growth / 2;
}

static void set_headroom(const struct judging *j, const struct follow_subject *s,
			 const char *cgroup, struct verdict_context *ctx, const char **ret_limit)
{
	uint64_t room, available;

	*ret_limit = NULL;
	if (ctx->is_count || !s->live || ctx->is_reclaimable)
		return;
	if (!follow__available(j->f, &available)) {
		ctx->has_headroom = true;
		ctx->headroom_kb = (double)available / 1024;
	}
	if (!cgroup || follow__cgroup_room(j->f, cgroup, &room, ret_limit))
		return;
	if (ctx->has_headroom && (double)room / 1024 >= ctx->headroom_kb) {
		*ret_limit = NULL;
		return;
	}
	ctx->has_headroom = true;
	ctx->headroom_kb = (double)room / 1024;
}

/* A process's cgroup is in the report's row, when it has one. */
static const char *cgroup_of(const struct judging *j, const struct follow_subject *s)
{
	if (s->kind == FOLLOW_CGROUP)
		return s->name;
	if (s->kind == FOLLOW_PROCESS)
		vec_for_each(p, &j->r->processes)
			if (proc_id_equal(p->id, s->id))
				return p->cgroup;
	return NULL;
}

static double leak_span(const struct judging *j, const struct follow_subject *s)
{
	static const double spans[_FOLLOW_KIND_MAX] = {
		[FOLLOW_PROCESS] = MANY_SPAN_S,
		[FOLLOW_CGROUP] = MANY_SPAN_S,
		[FOLLOW_SLAB] = SLAB_SPAN_S,
		[FOLLOW_LEDGER] = CYCLE_S,
	};

	return judging_is_asked(s) && !j->many_asked ? 0 : spans[s->kind];
}

void judging_ages(const struct judging *j, const struct follow_subject *s, struct page_ages *ret)
{
	const struct follow_slot *x = &s->slot[FOLLOW_ANON_SWAP];
	struct book_past past = follow__past(j->f, s, FOLLOW_ANON_SWAP);
	double hours = (past.last_s - past.first_s) / 3600;
	double grown = (double)x->last - (double)x->first;

	page_ages__of(j->code, s->id, hours > 0 ? grown / 1024 / hours : 0, ret);
}

/* Of memory that a process maps for itself; of those asked for, which alone are sampled. */
static enum witness_finding ages_of(const struct judging *j, const struct follow_subject *s,
				    enum follow_series series)
{
	struct page_ages ages;

	if (s->kind != FOLLOW_PROCESS || !judging_is_asked(s) || !s->live ||
	    (series != FOLLOW_ANON_SWAP && series != FOLLOW_RSS && series != FOLLOW_HEAP))
		return WITNESS_SILENT;
	judging_ages(j, s, &ages);
	return ages.finding;
}

static struct verdict_context context_of(const struct judging *j, const struct follow_subject *s,
					 unsigned int slot, const char **ret_limit)
{
	enum follow_series series = follow_series_of(s, slot);
	struct verdict_context ctx = {
		.prior = judging_is_asked(s) && !j->many_asked ? 0 : MANY_PRIOR,
		.leak_span_s = leak_span(j, s),
		.is_reclaimable = s->is_reclaimable,
		.is_count = follow_series_defs[series].is_count,
		.ages = ages_of(j, s, series),
	};

	if (series == FOLLOW_RSS && grows_by_files(j, s))
		ctx.is_reclaimable = true;
	set_headroom(j, s, cgroup_of(j, s), &ctx, ret_limit);
	return ctx;
}

/* A series that never changed has none in the book: made here, to say how sure "stable" is. */
static void judge_flat(const struct book_past *past, const struct verdict_context *ctx,
		       struct verdict *ret)
{
	struct series s = {0};

	series__add_flat(&s, past->first_s, past->last_s, past->n, past->kb);
	verdict__judge(&s, ctx, ret);
}

static bool judge_slot(const struct judging *j, const struct follow_subject *s, unsigned int slot,
		       struct verdict *ret, const char **ret_limit)
{
	const struct book_entry *e = follow__entry(j->f, &s->slot[slot]);
	struct verdict_context ctx;
	struct book_past past;

	*ret_limit = NULL;
	if (!s->slot[slot].seen || s->slot[slot].refused)
		return false;
	ctx = context_of(j, s, slot, ret_limit);
	if (e) {
		verdict__judge(&e->series, &ctx, ret);
	} else {
		past = follow__past(j->f, s, slot);
		judge_flat(&past, &ctx, ret);
	}
	return true;
}

bool judging_many_asked(const struct follow *f)
{
	size_t n = 0;

	for (size_t i = 0; i < follow__n_subjects(f); i++)
		n += follow__subject(f, i)->kind == FOLLOW_PROCESS &&
		     judging_is_asked(follow__subject(f, i));
	return n > JUDGING_POINTED_AT_MAX;
}

void judging_tell(enum follow_series series, const struct verdict *v, const char *limit,
		  struct report_verdict *ret)
{
	const struct follow_series_def *def = &follow_series_defs[series];
	double unit = def->is_count ? 1 / VERDICT_COUNT_KB : 1024;
	/* A leak's rate is of what lasts; of what does not grow it would be noise. */
	bool grows = v->kind == VERDICT_LEAK || v->kind == VERDICT_GROWING;

	*ret = (struct report_verdict){
		.known = true,
		.is_leak = v->kind == VERDICT_LEAK,
		.is_growing = v->kind == VERDICT_GROWING,
		.is_count = def->is_count,
		.series = def->name,
		.words = def->words,
		.kind = verdict_kind_names[v->kind],
		.shape = verdict_shape_names[v->shape],
		.confidence_permille = v->confidence_permille,
		.leak_permille = (uint32_t)(v->leak_probability * 1000 + 0.5),
		.has_rate = v->has_rate,
		.rate = v->rate_kb_h * unit,
		.rate_low = v->rate_low_kb_h * unit,
		.rate_high = v->rate_high_kb_h * unit,
		.has_exhaustion = v->has_exhaustion && grows,
		.exhaustion_s = v->exhaustion_s,
		.exhaustion_low_s = v->exhaustion_low_s,
		.exhaustion_high_s = v->exhaustion_high_s,
		.has_detectable = v->has_detectable,
		.detectable = v->detectable_kb_h * unit,
		.samples = v->n_samples,
		.span_s = v->span_s,
	};
	if (limit && ret->has_exhaustion)
		snprintf(ret->exhausts, sizeof(ret->exhausts), "%s", limit);
	snprintf(ret->reason, sizeof(ret->reason), "%s", v->reason);
}

/* --- all of them --- */

static int add_candidate(struct judging *j, const struct follow_subject *s, unsigned int slot)
{
	const struct book_entry *e = follow__entry(j->f, &s->slot[slot]);
	struct candidate c = {.subject = s, .slot = slot};
	const char *limit;

	/* what has ended gave everything back */
	if (!s->live && !judging_is_asked(s))
		return 0;
	if (!e || !series__moved(&e->series) || !series__rising(&e->series))
		return 0;
	if (!judge_slot(j, s, slot, &c.v, &limit))
		return 0;
	j->r->judged.judged++;
	if (c.v.kind != VERDICT_LEAK && c.v.kind != VERDICT_GROWING)
		return 0;
	return vec_push(&j->list, c);
}

int judging__all(struct judging *j)
{
	int err = 0;

	for (size_t i = 0; i < follow__n_subjects(j->f) && !err; i++) {
		const struct follow_subject *s = follow__subject(j->f, i);

		for (unsigned int slot = 0; slot < s->n_slots && !err; slot++)
			err = add_candidate(j, s, slot);
	}
	return err;
}

static bool is_pointed_at(const struct judging *j, const struct candidate *c)
{
	return judging_is_asked(c->subject) && !j->many_asked;
}

/*
 * The most probable leaks are kept as long as the expected share of false ones
 * stays below JUDGING_FALSE_SHARE; the others are told as suspects. What the user
 * pointed at is a question of its own and takes no part in this.
 */
int judging__control(struct judging *j)
{
	size_t n = 0, total = j->list.n;
	_cleanup_free_ double *p = calloc(total + 1, sizeof(*p));
	_cleanup_free_ uint32_t *order = calloc(total + 1, sizeof(*order));
	_cleanup_free_ uint32_t *from = calloc(total + 1, sizeof(*from));
	_cleanup_free_ bool *keep = calloc(total + 1, sizeof(*keep));

	if (!p || !order || !from || !keep)
		return -ENOMEM;
	for (size_t i = 0; i < total; i++) {
		const struct candidate *c = &j->list.v[i];

		if (c->v.kind != VERDICT_LEAK || is_pointed_at(j, c))
			continue;
		from[n] = (uint32_t)i;
		p[n++] = c->v.leak_probability;
	}
	keep_discoveries(p, n, JUDGING_FALSE_SHARE, keep, order);
	for (size_t i = 0; i < n; i++) {
		if (keep[i])
			continue;
		j->list.v[from[i]].v.kind = VERDICT_GROWING;
		j->r->judged.withheld++;
	}
	return 0;
}

static const struct candidate *find_candidate(const struct judging *j,
					      const struct follow_subject *s, unsigned int slot)
{
	vec_for_each(c, &j->list)
		if (c->subject == s && c->slot == slot)
			return c;
	return NULL;
}

/* A container's path has its id at most. */
static void name_limit(const struct judging *j, struct report_verdict *v)
{
	const struct follow_subject *s =
		v->exhausts[0] ? follow__find_cgroup(j->f, v->exhausts) : NULL;
	const struct cgroup_row *c = s ? s->cgroup : NULL;

	snprintf(v->exhausts_as, sizeof(v->exhausts_as), "%.127s", v->exhausts);
	if (c && cgroup_row__is_container(c))
		snprintf(v->exhausts_as, sizeof(v->exhausts_as), "%.20s container %.80s",
			 container_runtime_names[c->runtime], c->name);
}

/* The verdict of a row of the report. */
void judging__row(const struct judging *j, const struct follow_subject *s, unsigned int slot,
		  struct report_verdict *ret)
{
	const struct candidate *c = find_candidate(j, s, slot);
	const char *limit;
	struct verdict v;

	if (!judge_slot(j, s, slot, &v, &limit))
		return;
	if (c)
		v.kind = c->v.kind;
	judging_tell(follow_series_of(s, slot), &v, limit, ret);
	name_limit(j, ret);
}
