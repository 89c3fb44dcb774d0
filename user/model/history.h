/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything a report needs, accumulated tick by tick in bounded memory:
 * first, last and extreme values of each process, last state of each owner,
 * first and last meminfo. history__add() is the only way in, live or replayed.
 *
 * What keeps it bounded: of exited processes that hold no pages any more those
 * that moved least are forgotten when there are thousands (targets never, what
 * descends from them last), and counted in the limits "exited_processes_folded"
 * and "exited_owners_folded".
 */
#pragma once

#include "model/code_history.h"
#include "model/tick.h"

struct proc_history {
	struct proc_sample first, last; /* cgroup strings owned here, last.cgroup only */
	uint32_t ever_known;		/* bits known in first and last both */
	uint64_t peak[_PROC_VALUE_MAX];
	uint64_t first_ns, last_ns; /* CLOCK_BOOTTIME of first seen and of last change or end */
	bool seen_at_start;	    /* was there at the first tick */
	bool has_smaps_first, has_smaps_last;
	struct smaps_sample smaps_first, smaps_last;
	bool has_ownership;
	struct ownership_sample ownership;
	bool has_mapped;
	struct mapped_sample mapped; /* the last */
};

/* A cgroup that is gone, as it was last seen. */
struct removed_cgroup {
	struct cgroup_row row; /* path owned by the history */
	uint64_t time_ns;      /* CLOCK_REALTIME: of the first sample without it */
};

struct history {
	struct run_info info;
	uint64_t start_ns, end_ns; /* CLOCK_REALTIME of first and last tick */
	uint64_t start_mono_ns, end_mono_ns;
	uint64_t n_ticks;
	VEC(struct proc_history *) procs; /* elements owned; ordered by first sight */
	VEC(struct owner_sample) owners;  /* last state of each; ordered by first sight */
	VEC(struct meminfo_line) meminfo_first, meminfo_last;
	VEC(struct meminfo_line) machine_first, machine_last;
	struct hidden_list hidden_first, hidden_last; /* of the first and last look-up */
	uint64_t n_hidden_reads, hidden_last_ns;      /* CLOCK_REALTIME of the last */
	VEC(struct removed_cgroup) removed; /* at most HISTORY_REMOVED_MAX that held most */
	uint64_t n_removed, n_removed_dropped;
	VEC(struct event) events; /* at most HISTORY_EVENTS_MAX; the rest is counted in limits */
	struct alert_list alerts; /* at most ALERTS_KEPT_MAX, as the events */
	struct analysis_span analysis;
	struct facts facts; /* at most FACTS_MAX */
	struct code_history code;
	struct limits limits;
	struct self_sample self;
	uint32_t n_procs_last;
	struct history_index *index; /* private lookup tables */
};

#define HISTORY_EVENTS_MAX 4096
#define HISTORY_REMOVED_MAX 256

/* info is copied. Returns 0 or -ENOMEM. */
int history__new(const struct run_info *info, struct history **ret);
void history__free(struct history *h);

/* Takes what it needs from the tick by copy; the tick stays the caller's. 0 or -ENOMEM. */
int history__add(struct history *h, const struct tick *t);

/* What memory of a removed cgroup need not go with its processes: page cache, tmpfs and shared
 * memory, slab. 0 where it was not known. */
uint64_t removed_cgroup_left(const struct cgroup_row *c);

const struct proc_history *history__find_proc(const struct history *h, struct proc_id id);
const struct owner_sample *history__find_owner(const struct history *h, struct proc_id id);
