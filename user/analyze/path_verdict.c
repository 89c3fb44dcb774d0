/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/path_verdict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyze/judging.h"
#include "analyze/verdict/many.h"
#include "base/cleanup.h"
#include "base/str.h"

#define NS_PER_S 1e9

/*
 * What sampling lets be said: the error of a growth is that of two amounts (1.41
 * times the one of the live bytes, rounded up), and n samples of one size are
 * known to 2 sqrt(n): below NOISE_SAMPLES of them that is more than they are.
 */
#define NOISE_ERRORS 1.5
#define NOISE_SAMPLES 9

int path_tracks__add(struct path_tracks *t, size_t i, const struct code_history *c,
		     const struct path_history *p)
{
	if (i >= t->n) {
		int err = vec_push(t, (struct path_track){0});

		if (err)
			return err;
		i = t->n - 1;
	}
	for (uint32_t at = 0; at < c->track.n; at++)
		t->v[i].kib[at] += p->track_kib[at];
	t->v[i].kib[c->track.n] += (double)(path_held(&p->last) >> 10);
	code_history__add_ages(c, p, t->v[i].ages);
	return 0;
}

static double seconds(const struct code_history *c, uint64_t ns)
{
	/* a damaged file may hold times that go back */
	return ns > c->first_ns ? (double)(ns - c->first_ns) / NS_PER_S : 0;
}

/* What the totals were scaled by holds for what the path held before, too. */
static double scale_of(const struct path_track *t, const struct code_history *c,
		       const struct report_path *p)
{
	double now = t->kib[c->track.n];

	return now > 0 ? (double)report_path__held(p) / 1024 / now : 1;
}

static void make_series(const struct path_track *t, const struct code_history *c, double by,
			struct series *ret)
{
	const struct track_moments *m = &c->track;

	*ret = (struct series){0};
	for (uint32_t i = 0; i < m->n; i++)
		series__add(ret, seconds(c, m->at_ns[i]), t->kib[i] * by);
	if (m->n && m->last_ns > m->at_ns[m->n - 1])
		series__add(ret, seconds(c, m->last_ns), t->kib[m->n] * by);
}

/* Growth that chance alone could show. */
static double noise_kb(const struct report *r, const struct report_path *p)
{
	double errors = NOISE_ERRORS * (double)p->error_bytes;
	double samples = NOISE_SAMPLES * (double)r->sampling.interval_bytes;

	return p->error_bytes ? num_max(errors, samples) / 1024 : 0;
}

/* The same as the slowest rate that is growth at all. */
static double min_rate(double noise, double span_s)
{
	return span_s > 0 ? num_max(noise / span_s * 3600, VERDICT_MIN_RATE_KB_H) : 0;
}

/* The recent past is judged by its own, shorter span: there the rate alone lets less pass. */
static void doubt(double noise, struct verdict *v)
{
	char grown[HUMAN_BYTES_SIZE], error[HUMAN_BYTES_SIZE];

	if ((v->kind != VERDICT_LEAK && v->kind != VERDICT_GROWING) || v->growth_kb >= noise)
		return;
	v->kind = VERDICT_INSUFFICIENT;
	v->has_rate = false;
	snprintf(v->reason, sizeof(v->reason),
		 "it grew by %s of late, and sampling may be off by %s",
		 human_bytes(grown, (uint64_t)num_clamp(v->growth_kb * 1024, 0, 0x1p62)),
		 human_bytes(error, (uint64_t)num_clamp(noise * 1024, 0, 0x1p62)));
}

struct path_judging {
	const struct follow *f;
	bool many_asked;
	size_t n;
	struct verdict *verdict; /* of the i-th path */
	bool *is_known, *is_asked;
};

static bool is_kernel(const struct report_path *p)
{
	return p->domain == PATH_KERNEL || p->domain == PATH_SLAB;
}

static bool is_asked(const struct path_judging *j, const struct report_path *p)
{
	const struct follow_subject *s = p->id.pid ? follow__find_process(j->f, p->id) : NULL;

	return s && judging_is_asked(s) && !j->many_asked && !is_kernel(p);
}

static enum witness_finding ages_of(const struct path_track *t, const struct report_path *p)
{
	return witness_is_sure(p->live_bytes, p->error_bytes) ? witness_ages(t->ages)
							      : WITNESS_SILENT;
}

static void judge(struct path_judging *j, size_t i, const struct report *r, const struct series *s,
		  const struct path_track *t)
{
	const struct report_path *p = &r->paths.v[i];
	const struct follow_subject *cache =
		p->domain == PATH_SLAB ? follow__find_slab(j->f, p->what) : NULL;
	double noise = noise_kb(r, p);
	struct verdict_context ctx = {
		.min_rate_kb_h = min_rate(noise, series__span_s(s)),
		.is_reclaimable = cache && cache->is_reclaimable,
		.ages = ages_of(t, p),
	};

	j->is_asked[i] = is_asked(j, p);
	if (!j->is_asked[i]) {
		ctx.prior = MANY_PRIOR;
		ctx.leak_span_s = is_kernel(p) ? SLAB_SPAN_S : MANY_SPAN_S;
	}
	verdict__judge(s, &ctx, &j->verdict[i]);
	doubt(noise, &j->verdict[i]);
	j->is_known[i] = true;
}

/* As judging__control() does for the others. */
static int control(struct path_judging *j, struct report *r)
{
	_cleanup_free_ double *p = calloc(j->n + 1, sizeof(*p));
	_cleanup_free_ uint32_t *order = calloc(j->n + 1, sizeof(*order));
	_cleanup_free_ uint32_t *from = calloc(j->n + 1, sizeof(*from));
	_cleanup_free_ bool *keep = calloc(j->n + 1, sizeof(*keep));
	size_t n = 0;

	if (!p || !order || !from || !keep)
		return -ENOMEM;
	for (size_t i = 0; i < j->n; i++) {
		if (!j->is_known[i] || j->is_asked[i] || j->verdict[i].kind != VERDICT_LEAK)
			continue;
		from[n] = (uint32_t)i;
		p[n++] = j->verdict[i].leak_probability;
	}
	keep_discoveries(p, n, JUDGING_FALSE_SHARE, keep, order);
	for (size_t i = 0; i < n; i++) {
		if (keep[i])
			continue;
		j->verdict[from[i]].kind = VERDICT_GROWING;
		r->judged.withheld++;
	}
	return 0;
}

int path_tracks__judge(const struct path_tracks *t, const struct code_history *c,
		       const struct follow *f, uint64_t min_bytes, struct report *r)
{
	_cleanup_free_ struct verdict *verdict = calloc(t->n + 1, sizeof(*verdict));
	_cleanup_free_ bool *known = calloc(t->n + 1, sizeof(*known));
	_cleanup_free_ bool *asked = calloc(t->n + 1, sizeof(*asked));
	struct path_judging j = {f, judging_many_asked(f), t->n, verdict, known, asked};
	int err;

	if (!verdict || !known || !asked)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++) {
		const struct report_path *p = &r->paths.v[i];
		struct series s;

		if (report_path__held(p) < min_bytes && p->start_bytes < min_bytes)
			continue;
		make_series(&t->v[i], c, scale_of(&t->v[i], c, p), &s);
		judge(&j, i, r, &s, &t->v[i]);
	}
	err = control(&j, r);
	for (size_t i = 0; i < t->n && !err; i++)
		if (known[i])
			judging_tell(FOLLOW_PATH_LIVE, &verdict[i], NULL, &r->paths.v[i].verdict);
	return err;
}
