/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --analyze reads beside every process's counters: mappings and open files
 * of those that stand out, zombies and their parents, shared memory. Bounded in
 * processor time; what was left out is counted.
 */
#pragma once

#include "analyze/suspects.h"
#include "cli/sampler.h"
#include "collect/fd_groups.h"
#include "model/history.h"

/* Processes whose open files are remembered, to tell later which are new. */
#define INSPECTOR_MARKS 24

/* Zombies and holders told one by one; the others are in the counts. */
#define INSPECTOR_ZOMBIES_MAX 512

struct zombie_sight {
	struct proc_id id;
	uint64_t since_ns; /* CLOCK_REALTIME of the first sight */
};

struct inspector {
	int root_fd; /* not owned */
	uint64_t duration_ns;
	struct fd_mark marks[INSPECTOR_MARKS];
	size_t n_marks;
	VEC(struct zombie_sight) zombies;
	struct suspect_list suspects;
	uint64_t deadline_ns; /* of the look that goes on, by this thread's processor time */
	bool is_last;
	/* borrowed for the length of a look */
	const struct sampler *sampler;
	const struct history *history;
	struct tick *tick;
};

enum inspector_look {
	LOOK_FIRST, /* what shall be compared with the end */
	LOOK_AGAIN, /* in between: only notes who has become a zombie, who opens files */
	LOOK_LAST,  /* everything */
};

/* Adds its rows to the tick, which the sampler has just filled; h is without it yet. What could
 * not be read is in the rows' notes. 0 or -ENOMEM. */
int inspector__look(struct inspector *x, enum inspector_look look, const struct sampler *s,
		    const struct history *h, struct tick *t);
void inspector__free(struct inspector *x);
