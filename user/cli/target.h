/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which processes a run is about: those named by --pid, --comm, --cgroup or
 * COMMAND (targets) and what descends from them (followed). Pure: it sees
 * lists of processes, no /proc, no clock.
 *
 * A process is (pid, start time). Once chosen it stays chosen, whatever it
 * executes, whoever adopts it, whichever cgroup it moves to; and a process
 * that gets the pid of one that ended is another one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collect/tasks.h"
#include "model/tick.h"

/* What the user chose. Strings and arrays stay the caller's, for the life of the set. */
struct target_spec {
	const uint32_t *pids; /* those alive at the first update */
	size_t n_pids;
	const char *comm;     /* compared in its first 15 bytes, which is what the kernel keeps */
	uint32_t command_pid; /* the child that runs COMMAND; 0: none */
	uint32_t self_pid;    /* ourselves: chosen by pids only, not followed; 0: nobody */
	bool no_follow;
};

/* One that was chosen. */
struct target {
	struct proc_id id;
	uint32_t flags;	      /* PROC_TARGET or PROC_FOLLOWED */
	char comm[COMM_SIZE]; /* as last seen */
	bool alive;	      /* zombies are not */

	/* private */
	bool seen;	    /* in a list; false: known by its parent only */
	bool keep;	    /* named by pid: remembered when gone, to tell who gets its pid */
	uint32_t n_missed;  /* updates since it went, or since it was learned of and not seen */
	uint64_t reused_by; /* start time of the last one told to have its pid */
};

struct target_set;

int target_set__new(const struct target_spec *spec, struct target_set **ret);
void target_set__free(struct target_set *s); /* NULL allowed */

/*
 * --cgroup: who is in it from now on (ascending, as cgroup_procs__read() gives
 * them); copied. New ones become targets at the next update. 0 or -ENOMEM.
 */
int target_set__set_cgroup(struct target_set *s, const uint32_t *pids, size_t n_pids);

/*
 * `child` was forked from `parent`, whatever its ppid says by now. For what
 * only the kernel side sees: a parent that came and went between two lists.
 * Used by the next update, in any order. 0 or -ENOMEM.
 */
int target_set__learn(struct target_set *s, struct proc_id child, struct proc_id parent);

/*
 * Sets PROC_TARGET or PROC_FOLLOWED on those of `list` (ordered by pid) that
 * are chosen, clears them on the others, and appends to t->events, at
 * t->time_ns, what happened to targets: started (not at the first update,
 * COMMAND excepted), exec, exited, pid reused. Each once.
 *
 * 0, or -ENOMEM: who could not be chosen is at the next update, what could not
 * be told is not told again.
 */
int target_set__update(struct target_set *s, struct task_list *list, struct tick *t);

/* How many are alive, of those with one of `flags`: PROC_TARGET | PROC_FOLLOWED. */
size_t target_set__alive(const struct target_set *s, uint32_t flags);

/*
 * Calls back for each that is remembered, by pid; stops at a callback's error
 * and returns it. Remembered are those alive, those named by pid, and the
 * others for two updates after their end.
 */
int target_set__each(const struct target_set *s, int (*fn)(void *arg, const struct target *t),
		     void *arg);
