/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Series into verdicts for the report: one, all that may leak, and which of these to tell. */
#pragma once

#include "analyze/follow.h"
#include "analyze/page_ages.h"
#include "analyze/verdict/verdict.h"
#include "model/report.h"

/* Of so many processes that were asked for, each is one somebody points at; of more (a name, a
 * cgroup with hundreds) the prior of many holds. */
#define JUDGING_POINTED_AT_MAX 8

/* The expected share of false leaks among those told, of series nobody asked for. */
#define JUDGING_FALSE_SHARE 0.10

/* A leak or a suspect. */
struct candidate {
	const struct follow_subject *subject;
	unsigned int slot;
	struct verdict v;
};

/* Slab caches are everybody's: they grow for as long as something new is done. */
#define SLAB_SPAN_S 7200.0

struct judging {
	const struct follow *f;
	const struct code_history *code;
	struct report *r; /* its processes name their cgroups; counts go to r->judged */
	bool many_asked;
	VEC(struct candidate) list;
};

static inline bool judging_is_asked(const struct follow_subject *s)
{
	return s->flags & (PROC_TARGET | PROC_FOLLOWED);
}

/* More were asked for than somebody points at. */
bool judging_many_asked(const struct follow *f);
/* What the sampled pages of a process say. */
void judging_ages(const struct judging *j, const struct follow_subject *s, struct page_ages *ret);
/* The verdict on a series as the report tells it; limit: what it exhausts, or NULL. */
void judging_tell(enum follow_series series, const struct verdict *v, const char *limit,
		  struct report_verdict *ret);

/* Every series that may leak into the list; 0 or -ENOMEM. */
int judging__all(struct judging *j);
/* Leaves of its leaks those that can be told, and makes the others suspects. 0 or -ENOMEM. */
int judging__control(struct judging *j);
/* The verdict on a slot, which the list has the last word on; ret stays as it is when nothing is
 * known of it. */
void judging__row(const struct judging *j, const struct follow_subject *s, unsigned int slot,
		  struct report_verdict *ret);
