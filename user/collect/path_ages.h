/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ages of what call paths hold: the live samples of a moment sorted by when they were taken. They
 * change with every tick, so they are told when the time has grown by a quarter, and at the end.
 */
#pragma once

#include "model/tick.h"

/* Paths that hold less say nothing. */
#define PATH_AGES_MIN_BYTES (64 << 10)

struct age_moments {
	uint64_t begin_ns; /* CLOCK_BOOTTIME: sampling began */
	uint64_t told_ns;  /* last told; 0: never */
};
bool age_moments__due(const struct age_moments *m, uint64_t now_ns, bool last);

struct age_sums {
	size_t n;
	struct path_ages *v; /* by path id - 1 */
};

/* For n paths, from begin to now; 0 or -ENOMEM. */
int age_sums__begin(struct age_sums *s, size_t n, uint64_t begin_ns, uint64_t now_ns);
/* What path `id` took at time_ns and holds. */
void age_sums__add(struct age_sums *s, uint32_t id, uint64_t time_ns, double bytes);
/* Appends them to the tick. 0 or -ENOMEM. */
int age_sums__tell(const struct age_sums *s, struct tick *t);
void age_sums__free(struct age_sums *s);
