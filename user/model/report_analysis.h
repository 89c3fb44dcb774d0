/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --analyze found, ready to be printed: a part of struct report. */
#pragma once

#include "model/analysis.h"
#include "model/report.h"

/* What processes are ranked by. */
enum consumer_rank {
	RANK_RSS,
	RANK_PSS,
	RANK_USS,
	RANK_ANON,
	RANK_SWAP,
	RANK_VSZ,
	_CONSUMER_RANK_MAX,
};

/* "rss" "pss" "uss" "anon" "swap" "vsz" */
extern const char *const consumer_rank_names[_CONSUMER_RANK_MAX];

/* A process at the end, with its mappings where they were looked at. */
struct report_consumer {
	struct proc_id id;
	uint32_t ppid, uid;
	char comm[COMM_SIZE];
	char *cgroup;		 /* NULL unknown; owned by the report */
	struct proc_sample last; /* known, approx, value; its strings are not set */
	uint32_t leads;		 /* bits (1 << enum consumer_rank): among the first few by it */
	bool grows;		 /* its mappings were looked at for that, too */
	bool mappings_known, before_known;
	struct mapping_sample sum;	  /* of all classes at the end */
	size_t first_mapping, n_mappings; /* in now.mappings, by class */
	size_t first_before, n_before;	  /* in before.mappings */
	struct attributed attributed;
};

/* Open files of a process. */
struct report_files {
	struct fd_sample now, before;
	bool before_known;
	struct span fds; /* how many in all, start to end */
	uint64_t seen_ns;
	bool grows;		      /* more than noise, and none of it was given back */
	size_t first_group, n_groups; /* in analysis.fd_groups */
};

/* Open files of the whole machine, at the start and at the end. */
struct machine_files {
	bool known, before_known, max_known;
	uint64_t now, before;
	uint64_t max; /* fs.file-max */
};

enum creator_state {
	CREATOR_UNKNOWN,
	CREATOR_ALIVE,
	CREATOR_GONE,
	_CREATOR_STATE_MAX,
};

struct report_segment {
	struct sysv_segment s;
	bool is_orphan; /* nobody is attached, and nothing will remove it */
	enum creator_state creator;
	char comm[COMM_SIZE]; /* of the creator, when alive */
	bool is_new;	      /* made during the run */
};

struct report_shm {
	struct shm_file file;
	/* It has a name, and nobody was seen to have it open or mapped: the part's note tells how
	 * many were not looked at. */
	bool is_unheld;
	size_t first_holder, n_holders; /* in analysis.holders */
};

struct report_tmpfs {
	struct tmpfs_mount mount;
	bool before_known;
	uint64_t used_before;
};

/* To add one: here, its name in report_analysis.c, and a finder in analyze/look_first.c. */
enum look_kind {
	LOOK_MEMORY,
	LOOK_OOM_KILL,
	LOOK_GROWTH,
	LOOK_FDS,
	LOOK_FD_TABLE,
	LOOK_SEGMENTS,
	LOOK_SHM,
	LOOK_TMPFS,
	LOOK_ZOMBIES,
	LOOK_LEFT_BEHIND,
	LOOK_PRESSURE,
	LOOK_CGROUP,
	LOOK_UNNAMED,
	LOOK_HIDDEN,
	_LOOK_KIND_MAX,
};

/* "memory" "oom-kill" "growth" "fds" "fd-table" "sysv" "shm" "tmpfs" "zombies" "left-behind"
 * "pressure" "cgroup" "unnamed" */
extern const char *const look_kind_names[_LOOK_KIND_MAX];

/* Something to look at first: why, and what to type next. */
struct report_look {
	enum look_kind kind;
	uint32_t urgency; /* 0 … 1000 */
	uint64_t weight;  /* among equally urgent ones of a kind: bytes, a count */
	uint32_t turn;	  /* how many of its kind are more urgent */
	bool kept;
	struct proc_id id; /* zero when about no process */
	char reason[400];  /* names in it are raw */
	char next[160];
};

struct report_analysis {
	bool known;		       /* false: the run was killed before its last look */
	struct analysis now, before;   /* the last look, and the first unless it is the same */
	VEC(struct report_look) looks; /* most urgent first */
	size_t n_looks_cut;	       /* less urgent ones, left out */
	VEC(struct report_consumer) consumers; /* by RSS */
	VEC(struct report_files) files;	       /* growing ones first, then by number */
	struct machine_files machine_files;
	VEC(struct report_segment) segments; /* orphans first, then by size */
	VEC(struct report_shm) shm;	     /* unheld first, then by size */
	VEC(struct report_tmpfs) tmpfs;	     /* by use */
};

void report_analysis__free(struct report_analysis *a); /* NULL allowed */
