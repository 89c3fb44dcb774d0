/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each finder hands in what it found with how urgent that is; the most urgent
 * are kept, of each sort a few at most, so that a machine on which everything
 * grows does not hide its zombies.
 */
#include "analyze/look_first.h"

#include <stdio.h>
#include <string.h>

#include "analyze/look_find.h"
#include "analyze/report_math.h"

#define LOOKS_MAX 8
#define LOOKS_OF_A_KIND 3

/* From so much on, per value: the first line whose `from` is not above it. */
struct step {
	double from;
	uint32_t urgency;
};

static uint32_t step_of(const struct step *steps, size_t n, double value)
{
	for (size_t i = 0; i < n; i++)
		if (value >= steps[i].from)
			return steps[i].urgency;
	return 0;
}

#define STEP_OF(steps, value) step_of(steps, sizeof(steps) / sizeof((steps)[0]), value)

uint32_t growth_urgency(double exhaustion_s)
{
	/* seconds left, below 0: the sooner, the more */
	static const struct step steps[] = {
		{-3600, 900},
		{-86400, 750},
		{-7 * 86400.0, 600},
		{-30 * 86400.0, 500},
	};
	uint32_t urgency = exhaustion_s > 0 ? STEP_OF(steps, -exhaustion_s) : 0;

	return urgency ? urgency : 400;
}

uint32_t idle_urgency(uint64_t bytes, uint64_t total)
{
	static const struct step steps[] = {
		{0.1, 760}, {0.02, 620}, {0.002, 520}, {0.0002, 450}, {0, 350}};

	return STEP_OF(steps, total ? (double)bytes / (double)total : 0);
}

uint32_t fds_urgency(uint64_t used, uint64_t limit, double grown_per_hour)
{
	bool limited = limit && limit != UINT64_MAX;
	double share = limited ? (double)used / (double)limit : 0;
	double hours =
		limited && grown_per_hour > 0 ? ((double)limit - (double)used) / grown_per_hour : 0;

	if (share >= 0.95)
		return 880;
	if (share >= 0.8)
		return grown_per_hour > 0 ? 860 : 640;
	if (grown_per_hour <= 0)
		return 0;
	if (limited && hours < 1)
		return 780;
	return limited && hours < 24 ? 680 : 540;
}

uint32_t zombies_urgency(uint64_t n)
{
	static const struct step steps[] = {{1000, 700}, {100, 610}, {10, 530}, {1, 430}};

	return STEP_OF(steps, (double)n);
}

/* --- the list --- */

void look_add(struct looker *x, const struct report_look *look)
{
	if (!x->err && look->urgency)
		x->err = vec_push(&x->r->analysis->looks, *look);
}

static int by_urgency(const void *a, const void *b)
{
	const struct report_look *x = a, *y = b;

	if (x->urgency != y->urgency)
		return x->urgency < y->urgency ? 1 : -1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return (x->id.pid > y->id.pid) - (x->id.pid < y->id.pid);
}

/* The first of each kind before the second of any. */
static void cut(struct report_analysis *a)
{
	size_t of_kind[_LOOK_KIND_MAX] = {0}, n = a->looks.n, kept = 0;

	if (!n)
		return;
	qsort(a->looks.v, n, sizeof(*a->looks.v), by_urgency);
	for (size_t i = 0; i < n; i++)
		a->looks.v[i].turn = of_kind[a->looks.v[i].kind]++;
	for (uint32_t turn = 0; turn < LOOKS_OF_A_KIND; turn++)
		for (size_t i = 0; i < n && kept < LOOKS_MAX; i++)
			if (a->looks.v[i].turn == turn) {
				a->looks.v[i].kept = true;
				kept++;
			}
	kept = 0;
	for (size_t i = 0; i < n; i++)
		if (a->looks.v[i].kept)
			a->looks.v[kept++] = a->looks.v[i];
	a->looks.n = kept;
	a->n_looks_cut = n - kept;
}

/* The reasons are the report's summary as well, for who reads no analysis. */
static int summarize(struct report *r)
{
	vec_for_each(look, &r->analysis->looks) {
		struct report_note note;

		snprintf(note.text, sizeof(note.text), "%.*s", (int)sizeof(note.text) - 1,
			 look->reason);
		if (vec_push(&r->head, note))
			return -ENOMEM;
	}
	return 0;
}

int look_first__add(const struct history *h, struct report *r)
{
	struct looker x = {.h = h, .r = r, .self = facts__own_pid(&h->facts)};

	look_find_all(&x);
	if (x.err)
		return x.err;
	cut(r->analysis);
	return summarize(r);
}
