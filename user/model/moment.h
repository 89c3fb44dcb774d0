/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole machine at one moment: what the monitor's alerts and logs look at.
 * Borrows everything; where a tick holds what changed, this has all of it.
 */
#pragma once

#include "model/alert.h"
#include "model/boot.h"
#include "model/docker_disk.h"
#include "model/history.h"
#include "model/oom.h"
#include "model/system.h"
#include "model/tick.h"

/* Open files of a process against its own limit. */
struct fd_use {
	struct proc_id id;
	char comm[COMM_SIZE];
	uint64_t used, limit;
};

/* A series that leaked at several looks in a row, or that did and was judged otherwise since. */
struct leak_sign {
	struct proc_id id; /* zero when about no process */
	char subject[256]; /* raw: comm, cgroup, slab cache */
	const char *words; /* what of it grows: "open descriptors" */
	bool is_count;	   /* else bytes */
	bool is_withdrawn; /* judged otherwise since */
	bool rate_unknown; /* per_hour may as well be none: for thresholds only */
	double per_hour;   /* by the last look at it */
	uint32_t sure_permille;
};

struct moment {
	const struct run_info *info;
	const struct tick *tick;	 /* times, meminfo, limits, self */
	const struct proc_sample *procs; /* every process, ordered by pid; n 0: could not be read */
	size_t n_procs;
	const struct owner_sample *owners; /* every owner of pages; n 0 without attribution */
	size_t n_owners;
	const struct fd_use *fds; /* of those with the most open files */
	size_t n_fds;
	const struct system_sample *system;
	const struct system_sample *before; /* of the moment before; NULL at the first */
	uint64_t passed_ns;		    /* since the moment before, by CLOCK_BOOTTIME */
	int overcommit;			    /* vm.overcommit_memory; below 0 unknown */
	const struct oom_kill *kills;	    /* since the moment before */
	size_t n_kills;
	const struct leak_sign *leaks; /* known by the moment before */
	size_t n_leaks;
	const struct alert *alerts; /* told at this moment */
	size_t n_alerts;
	const struct boot_moment *boot; /* of boot diagnostics; else NULL */
	uint32_t top;			/* rows of a ranked list; 0: all */

	/* Of the run up to here. */
	const struct history *history;	    /* NULL: not kept */
	const struct system_sample *first;  /* slabs and vmstat of the first moment; NULL */
	uint64_t taken[_PAGE_CLASS_MAX];    /* bytes since the start, by those that exited, too */
	uint32_t in_force[_ALERT_KIND_MAX]; /* alerts */
	uint64_t raised[_ALERT_KIND_MAX];   /* alerts told as raised */
	const struct docker_disk *docker;   /* when it was asked for and came; NULL */
	int docker_err;			    /* why it did not come, when that is news; 0 */
	bool is_last;			    /* nothing comes after it */
};

/* A meminfo line's bytes; 0, or -ENOENT. */
int moment__meminfo(const struct moment *m, const char *name, uint64_t *ret);

/* meminfo_used() of its tick. 0, or -ENOENT. */
int moment__used(const struct moment *m, uint64_t *ret_used, uint64_t *ret_total);

/* What a process has that no other has: anon + swap + shmem, or RSS where those are not known.
 * 0, or -ENOENT. */
int proc_growing_bytes(const struct proc_sample *p, uint64_t *ret);
