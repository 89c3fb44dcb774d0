/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte-weighted random sampling: the gaps between samples are exponential with
 * mean `interval`, so a block of s bytes is taken with probability
 * 1 - exp(-s / interval), whatever was allocated before it. And its pace: what
 * churns would take many samples that are freed again at once.
 */
#pragma once

#include "memtrace_types.h"

/* What is left of a gap between two samples. */
struct mt_gap {
	__s64 left;	/* bytes until the next sample */
	__u64 interval; /* that it was drawn with; 0: none yet */
	/* Where the interval keeps pace: */
	__u64 sampled_ns; /* CLOCK_BOOTTIME, when it was drawn */
	__s64 saved_ns;	  /* time for samples that were not taken */
};

/* In the long run a sample a CPU and this time: one costs some 5 us where it is taken, most of it
 * the walk of the kernel's stack. What was not used is saved up, for a leak in one go to be told as
 * well as a slow one. */
#define MT_PACE_NS 1000000LL
#define MT_PACE_SAVED_MAX_NS (2000 * MT_PACE_NS)
/* And this when it is freed, by the CPU that frees it: what grows is sampled as well as can be, and
 * what churns, 250 times a second. */
#define MT_PACE_FREED_NS (3 * MT_PACE_NS)
/* No storm is paid off for longer than this. */
#define MT_PACE_OWED_MAX_NS (-64 * MT_PACE_NS)
/* Times the interval at most: beside what churns, a leak is still seen by the MiB. */
#define MT_PACE_WIDEST 16

/*
 * The interval of the next gap, a sample having been taken now: `interval`, or a
 * wider one. It follows from what was sampled and freed before, never from what comes: with
 * the interval that was in force told with each sample, sums stay without bias.
 */
static inline __attribute__((always_inline)) __u64 mt_gap_next(struct mt_gap *gap, __u64 interval,
							       __u64 now_ns)
{
	__u64 next = gap->interval, widest = interval * MT_PACE_WIDEST;
	__s64 saved = gap->saved_ns + (__s64)(now_ns - gap->sampled_ns);

	if (saved >= MT_PACE_SAVED_MAX_NS) {
		saved = MT_PACE_SAVED_MAX_NS;
		next = interval; /* the storm is over */
	}
	saved -= MT_PACE_NS;
	if (saved < MT_PACE_OWED_MAX_NS)
		saved = MT_PACE_OWED_MAX_NS;
	gap->saved_ns = saved;
	gap->sampled_ns = now_ns;
	if (saved < 0)
		next += next / 2;
	else if (saved > MT_PACE_SAVED_MAX_NS / 2)
		next -= next / 3;
	return next < interval ? interval : next > widest ? widest : next;
}

/* A sample was freed here, its last page or the object. */
static inline __attribute__((always_inline)) void mt_gap_freed(struct mt_gap *gap)
{
	gap->saved_ns -= MT_PACE_FREED_NS;
}

static_assert(sizeof(struct mt_gap) == 32, "");
