/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has ended gives way: what of it is kept, and what goes first. */
#include <stdlib.h>
#include <string.h>

#include "analyze/follow_state.h"

void follow_free_subject(struct follow_subject *s)
{
	free(s->name);
	free(s->cgroup);
	free(s->cgroup_first);
	free(s);
}

void follow_close_slots(struct follow *f, struct follow_subject *s)
{
	for (unsigned int i = 0; i < s->n_slots; i++) {
		if (s->slot[i].handle != BOOK_NONE)
			book__close(f->book, s->slot[i].handle);
		s->slot[i] = (struct follow_slot){.handle = BOOK_NONE};
	}
}

/* Of one that has ended. */
static void drop_series(struct follow *f, struct follow_subject *s)
{
	for (unsigned int i = 0; i < s->n_slots; i++)
		f->ended_dropped += s->slot[i].handle != BOOK_NONE;
	follow_close_slots(f, s);
}

void follow_evict_ended(struct follow *f)
{
	if (f->evicted)
		return;
	f->evicted = true;
	vec_for_each(it, &f->subjects) {
		struct follow_subject *s = *it;

		if (s->live || follow_is_asked(s))
			continue;
		drop_series(f, s);
	}
}

static bool has_series(const struct follow_subject *s)
{
	for (unsigned int i = 0; i < s->n_slots; i++)
		if (s->slot[i].handle != BOOK_NONE)
			return true;
	return false;
}

/* Seconds that the longest of its values was followed. */
static double lived_s(const struct follow_subject *s)
{
	double ret = 0;

	for (unsigned int i = 0; i < s->n_slots; i++)
		if (s->slot[i].seen)
			ret = num_max(ret, s->end_s - s->slot[i].first_s);
	return ret;
}

/* As one of many: where ended ones are dropped more were asked for than somebody points at. */
void follow_judge_ended(const struct follow *f, struct follow_subject *s)
{
	s->grew = 0;
	for (unsigned int i = 0; i < s->n_slots && follow_is_asked(s); i++) {
		const struct book_entry *e = follow__entry(f, &s->slot[i]);
		struct verdict_context ctx = {.prior = MANY_PRIOR, .leak_span_s = MANY_SPAN_S};
		enum follow_series series = follow_series_of(s, i);
		struct verdict v;

		if (!e || !follow_series_defs[series].counts || !series__moved(&e->series) ||
		    !series__rising(&e->series))
			continue;
		ctx.is_count = follow_series_defs[series].is_count;
		verdict__judge(&e->series, &ctx, &v);
		if (v.kind == VERDICT_LEAK)
			s->grew = 2;
		else if (v.kind == VERDICT_GROWING && !s->grew)
			s->grew = 1;
	}
}

static int asked_rank(const struct follow_subject *s)
{
	return s->flags & PROC_TARGET ? 2 : follow_is_asked(s);
}

/* Of the ended, who says least first: nobody asked for it, it did not grow like a leak, nothing of
 * it moved, it was there for a short time, which allows no leak verdict. Of equals the older, so
 * that a session file gives the same. */
static int compare_ended(const void *a, const void *b)
{
	const struct follow_subject *x = *(struct follow_subject *const *)a;
	const struct follow_subject *y = *(struct follow_subject *const *)b;
	double lived = lived_s(x) - lived_s(y);

	if (asked_rank(x) != asked_rank(y))
		return asked_rank(x) - asked_rank(y);
	if (x->grew != y->grew)
		return x->grew - y->grew;
	if (has_series(x) != has_series(y))
		return has_series(x) - has_series(y);
	if (lived < 0 || lived > 0)
		return lived < 0 ? -1 : 1;
	if (x->end_tick != y->end_tick)
		return x->end_tick < y->end_tick ? -1 : 1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

/* Takes the marked ones out of the list. */
static int compact(struct follow *f)
{
	size_t kept = 0;
	int err = 0;

	vec_for_each(it, &f->subjects) {
		if ((*it)->forget)
			follow_free_subject(*it);
		else
			f->subjects.v[kept++] = *it;
	}
	f->subjects.n = kept;
	hmap_clear(&f->index);
	for (size_t i = 0; i < kept && !err; i++)
		err = hmap_put(&f->index, f->subjects.v[i]->key, (uint32_t)i);
	return err;
}

int follow_forget_ended(struct follow *f)
{
	VEC(struct follow_subject *) ended = {0};
	size_t n;
	int err = vec_reserve(&ended, f->n_gone);

	if (err)
		return err;
	vec_for_each(it, &f->subjects)
		if (!(*it)->live && ended.n < f->n_gone)
			ended.v[ended.n++] = *it;
	qsort(ended.v, ended.n, sizeof(*ended.v), compare_ended);
	n = ended.n - FOLLOW_ENDED_KEEP;
	for (size_t i = 0; i < n; i++) {
		drop_series(f, ended.v[i]);
		ended.v[i]->forget = true;
	}
	f->n_gone -= n;
	vec_free(&ended);
	return compact(f);
}
