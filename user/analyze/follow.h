/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From ticks to series: who is measured (a process, a cgroup, a slab cache, a
 * line of the ledger), what of it, and the series of each in a book. (Call paths
 * are known by name only at the end of a run: path_verdict.h.)
 * A function of the ticks it was given, the same live and from a session file.
 *
 * A value that never changed costs no series. What keeps the rest bounded:
 * FOLLOW_ENDED_MAX ended subjects, and FOLLOW_SERIES_MAX series, of which those of
 * ended subjects go first; what is left out is counted into limits.
 */
#pragma once

#include "analyze/verdict/book.h"
#include "model/key.h"
#include "model/tick.h"

#define FOLLOW_SERIES_MAX 10000
#define FOLLOW_SUBJECTS_MAX 32768
/* Ended subjects kept, and how many stay when there are more: at 8.4 KiB each of a process that
 * moved in everything. Which ones: those that were asked for (of these first those that leaked),
 * then those that were there longest. */
#define FOLLOW_ENDED_MAX 512
#define FOLLOW_ENDED_KEEP 256
#define FOLLOW_LOOKS 64 /* verdicts a tick, see book__new() */

enum follow_kind {
	FOLLOW_PROCESS,
	FOLLOW_CGROUP,
	FOLLOW_SLAB,
	FOLLOW_LEDGER, /* a line of the closed ledger */
	_FOLLOW_KIND_MAX,
};

/* "process" "cgroup" "slab" "ledger" */
extern const char *const follow_kind_names[_FOLLOW_KIND_MAX];

/* What is measured. Of processes several; of the others one each. */
enum follow_series {
	FOLLOW_ANON_SWAP, /* what only swap or exit takes away: the one a process is judged by */
	FOLLOW_SHMEM,
	FOLLOW_FDS,
	FOLLOW_THREADS,
	FOLLOW_RSS,
	FOLLOW_HEAP,
	FOLLOW_VSZ,
	_FOLLOW_PROCESS_SERIES,
	FOLLOW_CGROUP_USE = _FOLLOW_PROCESS_SERIES, /* charged, less its own page cache */
	FOLLOW_SLAB_PAGES,
	FOLLOW_LEDGER_LINE,
	FOLLOW_PATH_LIVE, /* of a call path: no slot has it, see path_verdict.h */
	_FOLLOW_SERIES_MAX,
};

struct follow_series_def {
	const char *name; /* in JSON */
	const char *words;
	bool is_count;
	/* A leak of it is one of the process: --fail-on and alerts count it. The others are parts
	 * of one of these, or promises that cost nothing until they are kept. */
	bool counts;
};
extern const struct follow_series_def follow_series_defs[_FOLLOW_SERIES_MAX];

struct follow_slot {
	uint64_t first;	     /* the value it had until it changed */
	uint64_t last;	     /* bytes, or a count */
	uint32_t handle;     /* of the book; BOOK_NONE until the value changed */
	uint32_t first_tick; /* number of the tick it was first seen at */
	double first_s;
	bool seen;    /* ever: what is above has a meaning */
	bool known;   /* at the newest tick */
	bool refused; /* the book was full */
};

struct follow_subject {
	enum follow_kind kind;
	struct hmap_key key;
	struct proc_id id; /* of processes */
	char comm[COMM_SIZE];
	char *name;	/* path, cache, line; NULL of processes */
	uint32_t flags; /* enum proc_flag */
	bool live;
	uint32_t end_tick; /* number of the tick it was missed at, and its time */
	double end_s;
	bool forget;  /* at the end of this tick */
	uint8_t grew; /* of the asked, when they ended: 0 no, 1 suspected, 2 a leak */
	bool is_reclaimable;
	struct cgroup_row *cgroup; /* of cgroups: as it is now; path is `name` */
	struct cgroup_row *cgroup_first;
	unsigned int n_slots;
	struct follow_slot slot[]; /* of processes by enum follow_series */
};

struct follow;

/* 0 or -ENOMEM. */
int follow__new(struct follow **ret);
void follow__free(struct follow *f); /* NULL allowed */

/* The next tick; 0 or -ENOMEM. */
int follow__tick(struct follow *f, const struct tick *t);

/* --- what a report asks --- */

size_t follow__n_subjects(const struct follow *f);
const struct follow_subject *follow__subject(const struct follow *f, size_t i);
const struct follow_subject *follow__find_process(const struct follow *f, struct proc_id id);
const struct follow_subject *follow__find_cgroup(const struct follow *f, const char *path);
const struct follow_subject *follow__find_slab(const struct follow *f, const char *cache);

/* The series of a slot and how it is to be judged; NULL: it never changed. */
const struct book_entry *follow__entry(const struct follow *f, const struct follow_slot *slot);
/* Which series the slot of a subject is. */
enum follow_series follow_series_of(const struct follow_subject *s, unsigned int slot);
/* Of a slot whose value never changed. */
struct book_past follow__past(const struct follow *f, const struct follow_subject *s,
			      unsigned int slot);

/* A series whose alarm is on: it leaked at several looks in a row; or was on. */
struct follow_alarm {
	const struct follow_subject *subject;
	enum follow_series series;
	bool is_withdrawn;     /* it was on, and what came since says otherwise */
	bool rate_unknown;     /* an estimate that may as well be none */
	double bytes_per_hour; /* or a count */
	double probability;
};
/* Calls back for each; stops at an error and returns it. */
int follow__each_alarm(const struct follow *f,
		       int (*each)(void *arg, const struct follow_alarm *alarm), void *arg);

void follow__stats(const struct follow *f, struct book_stats *ret);
/* Values that were followed, those that never changed included. */
uint64_t follow__n_values(const struct follow *f);
/* "series_left_out" and the like. 0 or -ENOMEM. */
int follow__limits(const struct follow *f, struct limits *l);

/* What a process could still take: MemAvailable + SwapFree at the newest tick. 0 or -ENOENT. */
int follow__available(const struct follow *f, uint64_t *ret_bytes);
/* What the tightest limit at or above the cgroup leaves, page cache counted as free; its cgroup
 * in *ret_path (the follow's memory). 0, or -ENOENT: no limit. */
int follow__cgroup_room(const struct follow *f, const char *path, uint64_t *ret_bytes,
			const char **ret_path);
