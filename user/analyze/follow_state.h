/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between what takes ticks (follow.c), what forgets (follow_ended.c) and what answers questions
 * (follow_query.c). */
#pragma once

#include "analyze/follow.h"

struct follow {
	struct book *book;
	VEC(struct follow_subject *) subjects;
	struct hmap index;
	bool has_start;
	uint64_t start_ns; /* CLOCK_BOOTTIME of the first tick */
	uint32_t n_ticks;
	double last_s; /* of the newest tick */
	size_t n_gone; /* subjects that are not live */
	uint64_t subjects_left_out, series_left_out, ended_dropped;
	bool evicted; /* at this tick already */
	bool has_available;
	uint64_t available;
};

static inline struct follow_subject *follow_find(const struct follow *f, struct hmap_key key)
{
	uint32_t i;

	return hmap_get(&f->index, key, &i) ? f->subjects.v[i] : NULL;
}

static inline struct hmap_key follow_process_key(struct proc_id id)
{
	struct hmap_key key = proc_key(id);

	key.w[2] = FOLLOW_PROCESS;
	return key;
}

static inline bool follow_is_asked(const struct follow_subject *s)
{
	return s->flags & (PROC_TARGET | PROC_FOLLOWED);
}

void follow_free_subject(struct follow_subject *s);
/* Gives the series back: the values begin anew. */
void follow_close_slots(struct follow *f, struct follow_subject *s);
/* Of one that ends now: whether it grew as a leak does, before others can take its place. */
void follow_judge_ended(const struct follow *f, struct follow_subject *s);
/* Frees the series of what has ended and was not asked for, once a tick: room for what lives. */
void follow_evict_ended(struct follow *f);
/* Forgets the ended ones that say least until FOLLOW_ENDED_KEEP are left: on a machine that
 * builds all day they would fill the book and stay. For the end of a tick; 0 or -ENOMEM. */
int follow_forget_ended(struct follow *f);
