/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One sampling moment: what changed since the tick before. The same struct is
 * fed to the history (live), written to the session file, and read back from
 * it (--report), so a report from a file equals the report of the run.
 *
 * Sizes are bytes, times nanoseconds unless named otherwise. A member whose
 * bit is missing from `known` was not seen, which is not the same as zero.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "model/alert.h"
#include "model/analysis.h"
#include "model/code.h"
#include "model/fact.h"
#include "model/hidden.h"
#include "model/limit.h"
#include "model/process.h"
#include "model/system.h"

/* Measured values of a process, in the order of the JSON report. */
enum proc_value {
	PROC_RSS, /* anon + file + shmem */
	PROC_ANON,
	PROC_FILE,
	PROC_SHMEM,
	PROC_SWAP,
	PROC_VSZ,
	PROC_HEAP, /* brk - start_brk */
	PROC_PAGE_TABLE,
	PROC_FDS,     /* count */
	PROC_THREADS, /* count */
	_PROC_VALUE_MAX,
};

/* JSON member names: "rss_bytes" … "fds", "threads". */
extern const char *const proc_value_names[_PROC_VALUE_MAX];

enum proc_flag {
	PROC_KTHREAD = 1 << 0,
	PROC_TARGET = 1 << 1,	/* named by --pid, --comm, --cgroup or COMMAND */
	PROC_FOLLOWED = 1 << 2, /* descends from a target */
	PROC_EXECED = 1 << 3,	/* another program than at the last tick: exec seen */
};

/* How it ended, when we know. */
struct proc_end {
	bool ended;
	bool status_known;
	int status;	  /* wait(2) status */
	uint64_t time_ns; /* CLOCK_REALTIME; of the tick that missed it when nobody told us */
};

struct proc_sample {
	struct proc_id id;
	uint32_t ppid;
	uint32_t uid;
	char comm[COMM_SIZE];
	char state;	 /* R S D Z T t X I, 0 when unknown */
	uint32_t flags;	 /* enum proc_flag */
	uint32_t known;	 /* bit (1 << enum proc_value) */
	uint32_t approx; /* bits of values whose error is stated in a limit */
	uint64_t value[_PROC_VALUE_MAX];
	char *cgroup; /* path of the unified or memory hierarchy; NULL unknown; owned by the tick */
	struct proc_end end;
};

/* smaps_rollup of a target, at its start and end. */
struct smaps_sample {
	struct proc_id id;
	uint64_t rss, pss, pss_anon, pss_file, pss_shmem;
	uint64_t private_clean, private_dirty; /* USS is their sum */
	uint64_t swap, swap_pss, anon_huge;
};

/* Classes told from gfp flags and page-cache insertion at allocation time. */
enum page_class {
	PAGES_USER,   /* movable: anonymous, shared memory and tmpfs */
	PAGES_FILE,   /* inserted into the page cache of a file */
	PAGES_KERNEL, /* everything else: slab, page tables, stacks, buffers … */
	_PAGE_CLASS_MAX,
};

extern const char *const page_class_names[_PAGE_CLASS_MAX]; /* "user" "file" "kernel" */

enum owner_kind {
	OWNER_PROCESS,
	OWNER_KTHREAD,
	OWNER_ASYNC,	    /* interrupts: nobody's process */
	OWNER_OVERFLOW,	    /* owner table was full: pages of several */
	OWNER_EXITED_GROUP, /* long-dead processes of one name, folded together */
	_OWNER_KIND_MAX,
};

extern const char *const owner_kind_names[_OWNER_KIND_MAX];

/* What pages a dead owner left really are, from the page flags at the end. */
struct residue {
	bool known;
	uint64_t inherited; /* anonymous: still mapped by a descendant */
	uint64_t shmem;	    /* tmpfs, memfd, SysV: swap-backed and not anonymous */
	uint64_t file;	    /* page cache */
	uint64_t kernel;
};

/* One owner of pages taken since attach. Live and taken are bytes by class. */
struct owner_sample {
	uint32_t owner; /* dense id in the kernel table; reused only when empty and dead */
	enum owner_kind kind;
	struct proc_id id;     /* zero for ASYNC, OVERFLOW, EXITED_GROUP */
	struct proc_id parent; /* whom it was forked from; zero when unknown */
	char comm[COMM_SIZE];
	bool dead;
	uint64_t exit_ns; /* CLOCK_REALTIME; 0 while alive */
	bool has_exit_status;
	int exit_status; /* wait(2) status, when dead */
	bool has_exit_rss;
	uint64_t exit_anon, exit_file, exit_swap, exit_shmem; /* bytes when it ended */
	int64_t live[_PAGE_CLASS_MAX];	 /* held now; below 0 only by events in flight */
	uint64_t taken[_PAGE_CLASS_MAX]; /* allocated since attach, freed or not */
	uint32_t members;		 /* EXITED_GROUP: how many processes */
	struct residue residue;
};

/* How a target's resident anonymous pages split by who first touched them: its
 * pagemap against the owner table, when both can be read. Exact where counting
 * events is not: it says what compaction and the like moved unseen. */
struct ownership_sample {
	struct proc_id id;
	uint64_t present; /* resident anonymous pages, bytes: the sum of the others */
	uint64_t own;	  /* first touched by it since attach */
	uint64_t kin;	  /* first touched by an ancestor or sibling: inherited */
	uint64_t other;	  /* by anybody else: a helper that wrote into it, a kernel thread */
	uint64_t unowned; /* before attach, or moved without an event */
};

/* Address space of a watched process by how it came to be mapped, bytes: what is mapped now. */
struct mapped_sample {
	struct proc_id id;
	uint64_t mmap, brk; /* by calls since it was watched, its own and inherited by fork */
	uint64_t before;    /* before, and what the kernel maps by itself at exec */
	uint64_t unseen;    /* since, by no call that was seen */
};

/* One line of /proc/meminfo, kept as it is named there. */
struct meminfo_line {
	char name[32];
	uint64_t bytes; /* or a count where the file has no kB */
	bool is_count;
};

/* A line's bytes by name ("MemAvailable"); 0, or -ENOENT. */
int meminfo_find(const struct meminfo_line *v, size_t n, const char *name, uint64_t *ret);
/* Memory in use: all but what could be had without swapping (MemTotal - MemAvailable; before
 * 3.14, which has no MemAvailable, all but free, buffers and cache). 0, or -ENOENT. */
int meminfo_used(const struct meminfo_line *v, size_t n, uint64_t *ret_used, uint64_t *ret_total);

/* A slab cache, as it is from this tick on. */
struct slab_sample {
	char name[64];
	bool gone;
	bool reclaim_known, is_reclaimable; /* its pages are in SReclaimable */
	uint64_t bytes;			    /* of its pages, objects in use or not */
	uint64_t active_objects, object_size;
};

/* A cgroup, as it is from this tick on. Of a cgroup_sample what a report needs. */
struct cgroup_row {
	char *path; /* below the hierarchy's root; owned by the tick */
	bool gone;  /* since the tick before, where it had these values */
	enum container_runtime runtime;
	char name[256]; /* of the container or service; "": neither */
	uint32_t known; /* bits of enum cgroup_value, of CGROUP_ROW_VALUES only */
	uint64_t value[_CGROUP_VALUE_MAX];
};

/* And known by name: a service's path has its name already. */
static inline bool cgroup_row__is_container(const struct cgroup_row *c)
{
	return c->runtime != RUNTIME_NONE && c->runtime != RUNTIME_SERVICE && c->name[0];
}

#define CGROUP_ROW_VALUES                                                                          \
	(1U << CGROUP_CURRENT | 1U << CGROUP_MAX | 1U << CGROUP_HIGH | 1U << CGROUP_SWAP |         \
	 1U << CGROUP_ANON | 1U << CGROUP_FILE | 1U << CGROUP_SHMEM | 1U << CGROUP_KERNEL |        \
	 1U << CGROUP_SLAB_RECLAIMABLE | 1U << CGROUP_EVENT_HIGH | 1U << CGROUP_EVENT_MAX |        \
	 1U << CGROUP_EVENT_OOM_KILL)

/* Things that happened between ticks and a person should know. */
enum event_kind {
	EVENT_TARGET_STARTED,
	EVENT_TARGET_EXITED,
	EVENT_TARGET_EXEC,
	EVENT_PID_REUSED,
	EVENT_NOTE,
	_EVENT_KIND_MAX,
};

extern const char *const event_kind_names[_EVENT_KIND_MAX];

struct event {
	uint64_t time_ns; /* CLOCK_REALTIME */
	enum event_kind kind;
	struct proc_id id; /* zero when about no process */
	char text[160];
};

/* What this tool itself cost, running totals. */
struct self_sample {
	uint64_t cpu_ns; /* user + system time of our process and of those it started to help it */
	uint64_t bpf_ns; /* run time of our programs; 0 with bpf_ns_known false: statistics are off
			  */
	bool bpf_ns_known;
	uint64_t rss_bytes;
	uint64_t map_bytes; /* kernel memory of our maps */
	uint64_t events;    /* runs of our programs */
};

struct tick {
	uint64_t seq;	  /* 0, 1, 2 … */
	uint64_t time_ns; /* CLOCK_REALTIME */
	uint64_t mono_ns; /* CLOCK_BOOTTIME: durations and rates use this one */
	VEC(struct meminfo_line) meminfo;
	/* What /proc/meminfo lacks of the machine: names of model/machine.h; absent where the
	 * machine has no such thing. */
	VEC(struct meminfo_line) machine;
	/* All holders, the row HIDDEN_LOOK among them, where they were looked up; else empty. */
	struct hidden_list hidden;
	VEC(struct proc_sample)
	procs; /* new or changed since the tick before, and ended ones once */
	VEC(struct owner_sample) owners; /* new or changed */
	VEC(struct smaps_sample) smaps;
	VEC(struct ownership_sample) ownership;
	VEC(struct mapped_sample) mapped; /* of targets; new or changed */
	VEC(struct slab_sample) slabs;	  /* new, changed or gone */
	VEC(struct cgroup_row) cgroups;	  /* new, changed or gone */
	VEC(struct event) events;
	struct alert_list alerts; /* told at this moment */
	struct analysis analysis; /* of --analyze, at its first and last tick */
	struct facts facts; /* mostly in the first tick; a later one of a kind and name stands */
	VEC(struct code_module) modules;      /* new */
	VEC(struct code_node) nodes;	      /* new */
	VEC(struct code_symbol) symbols;      /* new */
	VEC(struct path_sample) paths;	      /* new or changed */
	VEC(struct path_cgroup) path_cgroups; /* new or changed */
	VEC(struct path_ages) ages;	      /* now and then */
	VEC(struct sampling_stats) sampling;  /* at most one */
	struct limits limits;		      /* all of them, running totals */
	struct self_sample self;
	uint32_t n_procs; /* alive now, changed or not */
};

/* An EVENT_NOTE; time_ns: CLOCK_REALTIME. 0 or -ENOMEM. */
int tick__note(struct tick *t, uint64_t time_ns, const char *text);
void tick__clear(struct tick *t); /* keeps the allocations */
void tick__free(struct tick *t);

/* What a run is, known before its first tick. */
struct run_info {
	char mode[16]; /* "pid", "command", "comm", "cgroup" … */
	char kernel[96], arch[16], boot_id[40], version[32];
	char host[65];	  /* host name */
	char target[256]; /* what the user asked for, as typed */
	uint32_t pid;	  /* of memtrace itself; kept as fact "self", 0 when read back */
	uint64_t mem_total;
	uint64_t page_size;
	uint64_t interval_ns, duration_ns; /* duration 0: until the target ends */
	bool bpf;			   /* page attribution ran */
};
