/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session file: one SQLite database (WAL) a run, one transaction a tick,
 * so that kill -9 costs at most the tick being written. Power loss costs that
 * one, too, and when ticks come faster than every 4 s, those of so long before.
 * store/schema.c is the one place that documents the tables.
 */
#pragma once

#include "model/tick.h"

struct session;

/* Creates dirfd/name (which must not exist) 0640; AT_FDCWD allowed. `max_bytes`
 * bounds the file (0: no bound): when it is reached ticks are no longer stored,
 * but for the last state at session__finish(), which session__limits() tells.
 * Returns 0 or -errno. */
int session__create(int dirfd, const char *name, const struct run_info *info, uint64_t max_bytes,
		    struct session **ret);

/* Writes one tick. On a full disk or an I/O error returns -errno and the file
 * keeps what it had; what the tick said last of each process and owner is
 * written with the next one that can be, and the number of ticks lost so far is
 * in session__limits(). 0 also for a tick left out for the size bound. (Under
 * RLIMIT_FSIZE the caller must ignore SIGXFSZ.) */
int session__write(struct session *s, const struct tick *t);

/* Writes what had to wait, marks the run as complete and leaves one file
 * without a -wal. Nothing can be written afterwards. 0 or -errno: may be tried again. */
int session__finish(struct session *s);
void session__close(struct session *s); /* NULL allowed */

/* Ticks not stored, bound hit … as limits; running totals. */
int session__limits(const struct session *s, struct limits *l);

/* Reads a session read-only, without changing it (also when its writer was
 * killed). Calls back once with the run, then once a tick in order. A damaged
 * file gives what can be read, then -EBADMSG; one of a newer format
 * -EPROTONOSUPPORT. What the file says of itself (lost, damaged, without an
 * end) is in the last tick's limits. Stops at a callback's error. */
struct session_reader {
	int (*info)(void *arg, const struct run_info *info);
	int (*tick)(void *arg, const struct tick *t);
	void *arg;
};
int session__replay(const char *path, const struct session_reader *reader);
