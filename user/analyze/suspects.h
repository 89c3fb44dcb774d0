/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom to look at closely: by the counters that come for every process, those
 * with most of something and those that grow. Pure.
 */
#pragma once

#include "base/vec.h"
#include "model/history.h"

enum suspect_why {
	SUSPECT_RSS = 1 << 0, /* among those with most */
	SUSPECT_ANON = 1 << 1,
	SUSPECT_SWAP = 1 << 2,
	SUSPECT_VSZ = 1 << 3,
	SUSPECT_GROWS = 1 << 4, /* anon + swap + shmem, since it was first seen */
	SUSPECT_FDS = 1 << 5,
	SUSPECT_FDS_GROW = 1 << 6,
};

/* Whose memory is looked at mapping by mapping, and whose files are listed. */
#define SUSPECT_MEMORY (SUSPECT_RSS | SUSPECT_ANON | SUSPECT_SWAP | SUSPECT_VSZ | SUSPECT_GROWS)
#define SUSPECT_FILES (SUSPECT_FDS | SUSPECT_FDS_GROW)

/* Growth below these is the noise of a program that runs at all. */
#define SUSPECT_GROWTH_MIN (256u << 10)
#define SUSPECT_FDS_MIN 8

struct suspect {
	size_t at;    /* index of the process */
	uint32_t why; /* bits of enum suspect_why */
};

struct suspect_list {
	struct suspect *v; /* growing ones first, most first */
	size_t n, cap;
};

/* Of processes as they are now, with h (may be NULL) for what they were. ret is replaced.
 * 0 or -ENOMEM. */
int suspects_choose(const struct proc_sample *procs, size_t n, const struct history *h,
		    struct suspect_list *ret);
