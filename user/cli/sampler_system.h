/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slab caches and cgroups into the ticks, as rows that changed. */
#pragma once

#include <stdbool.h>

#include "collect/delta_system.h"

struct sampler_system {
	int root_fd;
	struct delta_system *delta;
	struct system_sample system; /* of the reading before: names of containers */
	uint64_t next_ns;	     /* by CLOCK_BOOTTIME */
};

/* 0 or -ENOMEM. */
int sampler_system__open(struct sampler_system *s, int root_fd, uint64_t page_size);
void sampler_system__close(struct sampler_system *s);

/* Reads both, at most every five seconds but when `now` is set, and adds to t what changed.
 * 0 or -ENOMEM. */
int sampler_system__tick(struct sampler_system *s, bool now, struct tick *t);

/* The same of a reading that somebody else has made. 0 or -ENOMEM. */
int sampler_system__add(struct sampler_system *s, const struct system_sample *system,
			struct tick *t);
