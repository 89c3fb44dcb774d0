/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What boot diagnostics found: growth told apart by what the machine did, and boots compared. */
#pragma once

#include "base/hmap.h"
#include "model/boot.h"

enum grower_kind {
	GROWER_LINE,	/* of meminfo, or "used" */
	GROWER_PROCESS, /* anon + swap + shmem */
	GROWER_GROUP,	/* a container or service: its memory but for what can be reclaimed */
	GROWER_SLAB,	/* a slab cache's pages */
	_GROWER_KIND_MAX,
};

extern const char *const grower_kind_names[_GROWER_KIND_MAX]; /* "line" "process" … */

struct phase_growth {
	uint64_t ns;	 /* how long it was seen in this phase */
	int64_t bytes;	 /* by how much it grew in that time */
	uint32_t n;	 /* intervals */
	uint32_t n_grew; /* those in which it grew */
};

struct grower {
	struct hmap_key key;
	enum grower_kind kind;
	struct proc_id id; /* of a process */
	char name[64];	   /* raw */
	uint64_t first, last;
	bool alive;
	bool own; /* memtrace itself, or its service */
	/* Of a process younger than a minute everything counts as warm-up: it takes what it needs.
	 */
	struct phase_growth phase[_PHASE_MAX];
};

/* Grew most in one interval, with what else happened in it. */
struct growth_interval {
	uint64_t start_ns, end_ns; /* CLOCK_REALTIME */
	enum boot_phase phase;
	uint32_t busy;
	int64_t used;	   /* change */
	struct proc_id id; /* of who grew most; pid 0: nobody did */
	char comm[COMM_SIZE];
	int64_t comm_bytes;
	uint32_t n_events;	/* of the logs */
	struct log_event event; /* the most serious one, if any */
};

#define GROWTH_INTERVALS 6

struct boot_growth {
	VEC(struct grower) v;
	struct hmap index;
	uint64_t n_dropped; /* small growers of ended processes, forgotten to bound memory */
	uint64_t phase_ns[_PHASE_MAX];
	uint32_t n_intervals[_PHASE_MAX];
	uint32_t busy[_ACTIVITY_PART_MAX]; /* intervals that were no idle ones for this reason */
	uint32_t n_windows;		   /* stretches of idle intervals */
	uint64_t window_ns, longest_ns;	   /* the one that goes on, and the longest */
	uint32_t n_critical[_CRITICAL_KIND_MAX];
	uint32_t n_critical_before[_CRITICAL_KIND_MAX]; /* before the first moment */
	struct growth_interval top[GROWTH_INTERVALS];	/* by growth, most first */
	size_t n_top;
	uint64_t last_ns; /* CLOCK_REALTIME of the moment before */
	bool has_last;
};

void boot_growth__free(struct boot_growth *g);

/* --- boots compared -------------------------------------------------------------------------- */

struct boot_point {
	uint64_t uptime_ns, used;
};

/* What is kept of a boot to compare it with another. Strings raw. */
struct boot_run {
	char stamp[32], boot_id[40], kernel[96], packages[200];
	uint64_t mem_total;
	VEC(struct boot_point) points; /* by uptime */
	VEC(char *) units;	       /* sorted; elements owned */
};

void boot_run__free(struct boot_run *r);

/* Memory used so long after boot, now and before. */
struct boot_mark {
	uint64_t uptime_ns, now, median, min, max;
	unsigned int n; /* earlier boots that got so far */
};

#define BOOT_NAMES_MAX 16

struct boot_comparison {
	unsigned int n_boots; /* earlier ones looked at */
	char kernel[96],
		packages[200]; /* of the boot before this one, where they differ; "" the same */
	uint64_t mem_total;    /* the same; 0 */
	VEC(struct boot_mark) marks; /* by uptime; the last is how far this boot was followed */
	const char *new_units[BOOT_NAMES_MAX], *gone_units[BOOT_NAMES_MAX]; /* of the runs */
	size_t n_new, n_gone; /* may be more than are listed */
};

/* --- the summary --------------------------------------------------------------------------------
 */

#define BOOT_RANK_MAX 12

/* Indices into the growers, most grown first. */
struct boot_rank {
	uint32_t v[BOOT_RANK_MAX];
	size_t n;
};

struct boot_summary {
	const struct boot_growth *growth;
	const struct boot_run *now;
	const struct boot_comparison *comparison;
	uint64_t start_uptime_ns, end_uptime_ns, warm_up_ns;
	bool used_known;
	uint64_t used_first, used_last; /* first: what was used before attach */
	bool interrupted;		/* ended by a signal, not by its duration */
	struct boot_rank idle, load;	/* who grew */
	uint32_t steady[BOOT_RANK_MAX]; /* of the idle ones: again and again */
	size_t n_steady;
};
