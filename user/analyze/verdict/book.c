/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

#define CHUNK 64 /* entries allocated at once: they never move, and little is wasted */

struct book {
	VEC(struct book_entry *) chunks;
	VEC(uint32_t) unused; /* handles that were closed */
	uint32_t n, n_max, n_handles;
	uint32_t work_max;
	uint32_t turn; /* handle the next tick begins with: where looks ran out */
	uint32_t behind;
	uint64_t refused, ticks, looks;
};

int book__new(uint32_t max_series, uint32_t looks, struct book **ret)
{
	struct book *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->n_max = max_series;
	b->work_max = looks * SERIES_BUCKETS;
	*ret = b;
	return 0;
}

void book__free(struct book *b)
{
	if (!b)
		return;
	vec_for_each(c, &b->chunks)
		free(*c);
	vec_free(&b->chunks);
	vec_free(&b->unused);
	free(b);
}

struct book_entry *book__entry(const struct book *b, uint32_t handle)
{
	return &b->chunks.v[handle / CHUNK][handle % CHUNK];
}

static int new_handle(struct book *b, uint32_t *ret)
{
	struct book_entry *chunk;

	if (b->unused.n) {
		*ret = b->unused.v[--b->unused.n];
		return 0;
	}
	if (b->n_handles % CHUNK == 0) {
		chunk = calloc(CHUNK, sizeof(*chunk));
		/* closing must not fail later */
		if (!chunk || vec_reserve(&b->unused, b->n_handles + CHUNK) ||
		    vec_push(&b->chunks, chunk)) {
			free(chunk);
			return -ENOMEM;
		}
	}
	*ret = b->n_handles++;
	return 0;
}

int book__open(struct book *b, unsigned int flags, const struct book_past *past,
	       uint32_t *ret_handle)
{
	struct book_entry *e;
	uint32_t handle;
	int err;

	if (b->n >= b->n_max) {
		b->refused++;
		return -ENOSPC;
	}
	err = new_handle(b, &handle);
	if (err)
		return err;
	e = book__entry(b, handle);
	memset(e, 0, sizeof(*e));
	e->is_used = true;
	e->flags = (uint8_t)flags;
	if (past->n)
		series__add_flat(&e->series, past->first_s, past->last_s, past->n, past->kb);
	b->n++;
	*ret_handle = handle;
	return 0;
}

void book__close(struct book *b, uint32_t handle)
{
	struct book_entry *e = book__entry(b, handle);

	if (!e->is_used)
		return;
	e->is_used = e->is_live = false;
	b->unused.v[b->unused.n++] = handle; /* reserved with the chunk */
	b->n--;
}

void book__set(struct book *b, uint32_t handle, double kb)
{
	struct book_entry *e = book__entry(b, handle);

	e->kb = kb;
	e->is_live = !(e->flags & BOOK_SPARSE);
}

void book__add(struct book *b, uint32_t handle, double t_s, double kb)
{
	struct book_entry *e = book__entry(b, handle);

	e->kb = kb;
	series__add(&e->series, t_s, kb);
}

void book__pause(struct book *b, uint32_t handle)
{
	book__entry(b, handle)->is_live = false;
}

struct verdict_context book__context(const struct book_entry *e)
{
	return (struct verdict_context){
		.prior = e->flags & BOOK_ASKED ? 0 : MANY_PRIOR,
		.leak_span_s = e->flags & BOOK_ASKED ? 0 : MANY_SPAN_S,
		.is_reclaimable = e->flags & BOOK_RECLAIMABLE,
		.is_count = e->flags & BOOK_COUNT,
	};
}

/* A look at a series that cannot be a leak costs next to nothing and is no verdict. */
static bool needs_verdict(struct book_entry *e)
{
	return e->series.alarm.on || (series__moved(&e->series) && series__rising(&e->series));
}

static void look(struct book *b, struct book_entry *e)
{
	struct verdict_context ctx = book__context(e);
	struct verdict v;

	verdict__judge(&e->series, &ctx, &v);
	alarm__look(&e->series, &v);
	e->rate_kb_h = (float)v.rate_kb_h;
	e->rate_unknown = !v.has_rate;
	e->probability = (float)v.leak_probability;
	e->series.n_judged = e->series.n;
	b->looks++;
}

/* Of 32 buckets a verdict takes half the time that it takes of 64; series that began together have
 * the same number of them, and so many verdicts a tick would be worst when all are full. */
static uint32_t work_of(const struct book_entry *e)
{
	return e->series.n_buckets < SERIES_BUCKETS / 2 ? SERIES_BUCKETS / 2 : e->series.n_buckets;
}

void book__tick(struct book *b, double t_s)
{
	uint32_t left = b->work_max, first_late = BOOK_NONE;

	b->ticks++;
	b->behind = 0;
	for (uint32_t i = 0; i < b->n_handles; i++) {
		uint32_t handle = (b->turn + i) % b->n_handles;
		struct book_entry *e = book__entry(b, handle);

		if (e->is_live)
			series__add(&e->series, t_s, e->kb);
		if (!e->is_used || !series__due(&e->series))
			continue;
		if (!needs_verdict(e)) {
			e->series.alarm.streak = 0;
			e->series.n_judged = e->series.n;
		} else if (left >= work_of(e)) {
			left -= work_of(e);
			look(b, e);
		} else {
			b->behind++;
			first_late = first_late == BOOK_NONE ? handle : first_late;
		}
	}
	b->turn = first_late == BOOK_NONE ? 0 : first_late;
}

void book__stats(const struct book *b, struct book_stats *ret)
{
	*ret = (struct book_stats){
		.n = b->n,
		.n_max = b->n_max,
		.refused = b->refused,
		.ticks = b->ticks,
		.looks = b->looks,
		.looks_behind = b->behind,
		.bytes = sizeof(*b) + b->chunks.n * CHUNK * sizeof(struct book_entry) +
			 b->chunks.cap * sizeof(*b->chunks.v) +
			 b->unused.cap * sizeof(*b->unused.v),
	};
}
