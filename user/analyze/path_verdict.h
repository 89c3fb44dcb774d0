/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdicts on the live bytes of call paths. Names are found when a run ends, and
 * only then is it known which stacks read the same: so the report adds up what
 * the history wrote down of each, and judges the sum.
 */
#pragma once

#include "analyze/follow.h"
#include "model/history.h"
#include "model/report.h"

struct path_track {
	double kib[TRACK_MOMENTS + 1]; /* at each moment, and now */
	uint64_t ages[PATH_EPOCHS];    /* of what was held when ages were last told */
};

/* One for each of r->paths, in their order before they are sorted. */
struct path_tracks {
	struct path_track *v;
	size_t n, cap;
};

/* Adds what the path held to the i-th of them, or to a new one at the end. 0 or -ENOMEM. */
int path_tracks__add(struct path_tracks *t, size_t i, const struct code_history *c,
		     const struct path_history *p);

/* Verdicts into r->paths; those below min_bytes at the end and the start have none. Shares the
 * bound on false discoveries with the rest of the report. 0 or -ENOMEM. */
int path_tracks__judge(const struct path_tracks *t, const struct code_history *c,
		       const struct follow *f, uint64_t min_bytes, struct report *r);
