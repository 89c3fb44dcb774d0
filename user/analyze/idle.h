/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is nothing done on this machine? Of an interval between two readings of its
 * counters. Pure.
 */
#pragma once

#include "model/boot.h"

/* Quiet means below all of these; our own CPU time and processes are not counted. */
#define IDLE_CPU_PERMILLE 100	      /* of all CPUs … */
#define IDLE_CPU_MAX_PERMILLE 500     /* … and of one CPU: a large machine idles as small ones */
#define IDLE_IO_BYTES_S (1u << 20)    /* a second */
#define IDLE_NET_BYTES_S (128u << 10) /* a second */
#define IDLE_STARTS_MIN 60	      /* a minute: cron jobs and timers start more */

struct idle_verdict {
	uint32_t busy;	    /* bits (1 << enum activity_part) that were not quiet */
	uint32_t uncertain; /* bits that nobody could tell */
};

struct idle_interval {
	const struct activity *before, *now;
	uint64_t passed_ns;
	uint64_t own_cpu_ns; /* of memtrace, in this interval */
	uint64_t own_starts; /* processes that it started in it */
	uint64_t start_ns;   /* CLOCK_REALTIME */
};

struct idle_verdict idle__judge(const struct idle_interval *i);

/* What the interval counts as, `uptime_ns` after boot at its end. Unknown where a part that nobody
 * could tell keeps a quiet one from being idle, unless CPU and I/O are known: the rest is extra. */
enum boot_phase boot_phase_of(const struct idle_verdict *v, uint64_t uptime_ns,
			      uint64_t warm_up_ns);
