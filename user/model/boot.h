/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What boot diagnostics look at besides memory: whether anything is done on
 * the machine, and what the logs of kernel and services say. Value structs,
 * strings raw.
 */
#pragma once

/* The unit that follows boots. */
#define BOOT_UNIT "boot-diagnostics.service"

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "model/tick.h"

/* --- activity ------------------------------------------------------------------------------- */

enum activity_part {
	ACTIVITY_CPU,
	ACTIVITY_IO,
	ACTIVITY_NET,
	ACTIVITY_STARTS, /* what timers and cron do begins with a new process */
	ACTIVITY_LOGINS,
	_ACTIVITY_PART_MAX,
};

extern const char *const activity_part_names[_ACTIVITY_PART_MAX]; /* "cpu" "io" "net" … */

/* Running totals since boot. */
struct activity {
	uint32_t known;	      /* bits (1 << enum activity_part) */
	uint32_t n_cpus;      /* that the kernel accounts for */
	uint64_t cpu_ns;      /* of all CPUs, all but idle and waiting for I/O */
	uint64_t io_bytes;    /* read from and written to block devices */
	uint64_t net_bytes;   /* received and sent on all interfaces but loopback */
	uint64_t starts;      /* processes and threads */
	uint64_t sessions;    /* who is logged in now: a count, no total */
	uint64_t terminal_ns; /* CLOCK_REALTIME of the last input on a terminal; 0: none */
};

/* What an interval was used for. */
enum boot_phase {
	PHASE_WARM_UP, /* the machine has just booted: what starts takes what it needs */
	PHASE_IDLE,    /* nothing is done */
	PHASE_LOAD,
	PHASE_UNKNOWN, /* nobody could tell */
	_PHASE_MAX,
};

extern const char *const boot_phase_names[_PHASE_MAX]; /* "warm-up" "idle" "load" "unknown" */

/* --- what the logs say ---------------------------------------------------------------------- */

enum critical_kind {
	CRITICAL_NONE, /* a warning or an error of no kind below */
	CRITICAL_OOM,
	CRITICAL_ALLOCATION, /* an allocation that failed */
	CRITICAL_HUNG,	     /* hung tasks, lockups, stalls */
	CRITICAL_IO,	     /* disks and file systems */
	CRITICAL_OOPS,
	CRITICAL_HARDWARE,
	CRITICAL_CRASH,	  /* of a program: segfault */
	CRITICAL_SERVICE, /* a unit failed */
	CRITICAL_SUSPEND,
	CRITICAL_RESUME,
	_CRITICAL_KIND_MAX,
};

extern const char *const critical_kind_names[_CRITICAL_KIND_MAX]; /* "other" "oom" … */

struct log_event {
	uint64_t time_ns; /* CLOCK_REALTIME */
	enum critical_kind kind;
	uint8_t priority; /* 0 emergency … 7 debug, as syslog(3) */
	bool kernel;
	char source[64]; /* "kernel", a unit, a program's name */
	char text[256];
};

struct log_events {
	struct log_event *v;
	size_t n, cap;
};

/* --- a moment of boot diagnostics --------------------------------------------------------------
 */

struct boot_moment {
	enum boot_phase phase;
	uint32_t busy;	    /* bits (1 << enum activity_part): why it is not idle */
	uint32_t uncertain; /* parts that nobody could tell */
	uint64_t uptime_ns; /* CLOCK_BOOTTIME */
	const struct log_event *events;
	size_t n_events;
	uint64_t n_events_skipped; /* beyond the bound of a moment */
	const struct facts *facts; /* at the first moment, else NULL */
	bool has_used, has_used_before;
	uint64_t used, used_before; /* memory in use now and at the moment before */
	uint64_t n_alerts;	    /* told before this moment */
	const struct tick *first;   /* meminfo of the first moment */
};
