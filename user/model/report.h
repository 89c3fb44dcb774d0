/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run found, ready to be printed: the only thing sinks see. Built by
 * analyze/ from the history; plain values, no decisions left to a sink.
 * Schema "memtrace.report/1"; README documents the JSON members.
 */
#pragma once

#include "model/code.h"
#include "model/path.h"
#include "model/strings.h"
#include "model/tick.h"

struct report_analysis;

/* Start and end of a measured value; absent in JSON unless known. */
struct span {
	bool known, approx;
	uint64_t start, end;
};

static inline int64_t span_delta(struct span s)
{
	return (int64_t)(s.end - s.start);
}

/* Pages taken since attach and still held, by the owner table. */
struct attributed {
	bool known;			 /* false: no page attribution for this process */
	int64_t live[_PAGE_CLASS_MAX];	 /* bytes */
	uint64_t taken[_PAGE_CLASS_MAX]; /* bytes */
};

/*
 * What was found about one series. Words are static strings; rates are bytes an
 * hour (a count an hour when is_count).
 */
struct report_verdict {
	bool known;		  /* it was judged */
	bool is_leak, is_growing; /* growing: suspected */
	bool is_count;
	const char *series;	      /* "anon_swap" "fds" "cgroup" … */
	const char *words;	      /* the same for people: "anonymous memory, …" */
	const char *kind, *shape;     /* "leak" "plateau" …; "linear" "sawtooth" … */
	uint32_t confidence_permille; /* that it is right about leak or no leak */
	uint32_t leak_permille;	      /* probability of a leak */
	bool has_rate;
	double rate, rate_low, rate_high;
	bool has_exhaustion;
	double exhaustion_s, exhaustion_low_s, exhaustion_high_s; /* high may be infinite */
	char exhausts[256]; /* the cgroup whose limit is reached, raw; "": the machine's memory */
	char exhausts_as[128]; /* as people call it, raw: "docker container web", or the same */
	bool has_detectable;
	double detectable; /* a leak faster than this would have been called one by now */
	uint64_t samples;
	double span_s;	  /* that were judged */
	char reason[384]; /* one sentence, safe to print */
};

/* A series that leaks or is suspected to. */
struct report_grower {
	const char *subject; /* "process" "cgroup" "slab" "ledger" */
	bool watched;	     /* asked for */
	bool counts;	     /* a leak of it is a leak of its subject, not a part or a promise */
	bool is_part; /* its subject, or the container it is in, grows by a series that counts */
	struct proc_id id;
	char comm[COMM_SIZE];
	char name[256]; /* raw: path of a cgroup, a cache, a line */
	/* Of a container's cgroup, whose path has its id at most; NULL and "" of all others. */
	const char *runtime;
	char container[256]; /* raw */
	struct report_verdict verdict;
};

/* How much was judged, and what keeps the number of false alarms low. */
struct report_judged {
	bool known;		   /* false: nothing was followed */
	uint64_t values, series;   /* that were followed; of them changed at all */
	uint64_t judged;	   /* of the series: moved enough to be weighed */
	uint64_t leaks, suspected; /* of series that count: parts and promises are not among them */
	uint64_t withheld;	   /* leaks told as suspected to bound the share of false ones */
	uint32_t prior_permille, false_permille;
};

struct report_process {
	struct proc_id id;
	uint32_t ppid, uid;
	char comm[COMM_SIZE];
	const char *cgroup; /* NULL unknown; owned by the report */
	uint32_t flags;	    /* enum proc_flag */
	struct proc_end end;
	struct span value[_PROC_VALUE_MAX];
	struct span pss, uss; /* bytes */
	struct attributed attributed;
	bool has_ownership;
	struct ownership_sample ownership;
	bool has_mapped;
	struct mapped_sample mapped;
	bool growth_known, growth_approx;
	int64_t growth_bytes; /* anon + swap + shmem (or rss when those are unknown), end - start */
	bool rate_known;      /* false: growth unknown, or seen for less than a second */
	double rate_bytes_per_hour; /* growth over the time it was seen */
	uint64_t seen_ns;
	struct report_verdict verdict; /* on what it has for itself: anon + swap */
};

/* A container, a service, or another cgroup with a limit. */
struct report_container {
	char *path; /* raw; owned by the report */
	char name[256];
	enum container_runtime runtime;
	bool ended;
	struct span use; /* charged, less the page cache of files */
	bool has_limit;
	uint64_t limit;
	bool reclaims_known;
	uint64_t reclaims; /* times it was throttled or reclaimed at its limit, in this run */
	struct report_verdict verdict;
};

/* A slab cache that changed. */
struct report_slab_cache {
	char name[64];
	struct span bytes;
	bool reclaim_known, is_reclaimable;
	struct report_verdict verdict;
};

/* What exited processes left behind. */
struct report_residue {
	struct owner_sample owner;
	uint64_t held; /* bytes, all classes */
};

/* A cgroup that was removed while we looked: what was charged to it at the last look. */
struct report_removed {
	char *path; /* raw; owned by the report */
	char name[256];
	enum container_runtime runtime;
	uint64_t time_ns; /* CLOCK_REALTIME: the first sample without it */
	uint64_t left;	  /* at most, of the following */
	uint64_t cache, shmem, slab;
};

/* Owners that are no single process: async bucket, overflow, kernel threads … */
struct report_owner {
	struct owner_sample owner;
};

/* A line of the closed ledger: those the kernel knows at both ends, in their order. */
struct report_ledger_line {
	enum ledger_line line;
	uint64_t start, end;
	struct report_verdict verdict;
};

/*
 * Memory that one call path of one process holds. Where it is sampled (user,
 * kernel, slab) the bytes are unbiased estimates, and with about 95 %
 * confidence what is held lies within error_bytes of live_bytes.
 */
struct report_path {
	enum path_domain domain;
	struct proc_id id; /* zero: no single process */
	char comm[COMM_SIZE];
	char what[32];	      /* PATH_SLAB: the cache; "" unknown */
	uint64_t live_bytes;  /* held at the end; PATH_USER: by who first touched it */
	uint64_t exit_bytes;  /* of user memory: held when its process ended, then given back */
	uint64_t start_bytes; /* held at the moment the growth is counted from */
	int64_t growth_bytes; /* live + exit - start */
	uint64_t taken_bytes; /* since attach, freed or not */
	uint64_t error_bytes; /* of live and exit together; 0: counted, not sampled */
	uint64_t samples;     /* behind live and exit */
	bool complete;	      /* the walk reached the thread's first function */
	bool age_known;
	uint64_t oldest_age_ns;	       /* of what is still held */
	struct report_verdict verdict; /* on live_bytes over the run */
	const char *class;	       /* PATH_KERNEL: what the pages are for; else NULL */
	enum ledger_line line;	       /* PATH_KERNEL: that they are in, or line_more */
	enum ledger_line line_more;
	const char *driver;	   /* kernel module that asked, or through which; NULL: none */
	struct path_place place;   /* in the kernel; strings are the report's */
	size_t asker;		   /* in the kernel: frame that is no allocator's; frames.n: none */
	struct path_frames frames; /* v is the path's, strings are the report's; n 0: unknown */
};

/*
 * Kernel pages of one class, by the samples of all paths: taken since the start
 * and still held. What its ledger line changed by differs where pages taken
 * before were freed, and where classes share a line.
 */
struct report_kernel_class {
	const char *name;
	enum ledger_line line;
	uint64_t live_bytes, error_bytes, samples;
	bool line_known;
	int64_t line_delta;  /* of the line, and of the second one that it can be in */
	uint64_t line_bytes; /* by the samples of all classes of that line */
	uint64_t line_error;
};

/*
 * What a kernel module asked for, or what was asked for through it: pages, and objects of slab
 * caches. Where no objects were traced, the pages of slabs that had to be made for it.
 */
struct report_kernel_module {
	const char *name; /* the report's */
	uint64_t live_bytes, error_bytes, samples, paths;
	uint64_t slab_bytes; /* of live_bytes */
};

/* Bytes it holds, or held when its process ended: what a picture of the run shows. */
static inline uint64_t report_path__held(const struct report_path *p)
{
	return p->live_bytes + p->exit_bytes < p->live_bytes ? UINT64_MAX
							     : p->live_bytes + p->exit_bytes;
}

/* Who holds some of a line, at the first and the last look. */
struct report_hidden {
	struct hidden_sample last; /* of the first look when it was not there at the last */
	bool start_known;	   /* false: knows only what came since the start */
	uint64_t start, end;
	uint64_t start_count, end_count;
	uint64_t ended_ns; /* CLOCK_REALTIME, of its process; 0: it lives, or ended unseen */
};

/* How far the ledger tells why MemAvailable changed. */
struct report_total {
	bool ledger_known;    /* there is a ledger; the others below need one */
	uint64_t mem_total;   /* at the end: the sum of the lines */
	int64_t free;	      /* change of MemFree */
	int64_t unexplained;  /* change of what no counter and no owner names */
	int64_t locked;	      /* cache that is there and no longer counts as available */
	uint64_t taken;	      /* growth of what cannot be had without swapping */
	bool explained_known; /* that is enough for a share of it */
	uint32_t explained_permille;
	uint64_t overlap; /* bytes that counters named twice, at the end */
};

/*
 * The paths of a process together. What it holds is counted page by page where
 * that is known; where the estimate agrees with it, the paths are scaled to it.
 */
struct report_path_total {
	enum path_domain domain;
	struct proc_id id;
	char comm[COMM_SIZE];
	uint64_t estimate_bytes, error_bytes; /* sum of the paths before scaling */
	uint64_t exit_bytes;		      /* of estimate: held when its process ended */
	uint64_t taken_bytes;
	uint64_t samples, complete_samples; /* behind estimate_bytes */
	bool held_known;
	uint64_t held_bytes;
	bool scaled;
};

struct report_note {
	char text[400]; /* a finding or a next step, in words */
};

struct report {
	struct run_info info;
	bool whole_machine;	   /* nobody was chosen: it is about all processes */
	uint64_t start_ns, end_ns; /* CLOCK_REALTIME */
	uint64_t duration_ns;	   /* by CLOCK_BOOTTIME */
	uint64_t boot_ns; /* CLOCK_REALTIME when CLOCK_BOOTTIME was 0: dates start_ticks; 0 unknown
			   */
	uint64_t n_ticks;
	uint32_t n_procs;			    /* alive at the end */
	VEC(struct report_note) head;		    /* what a reader needs first */
	VEC(struct report_process) processes;	    /* targets first, then by growth */
	VEC(struct report_residue) left_behind;	    /* by held, largest first */
	VEC(struct report_removed) removed_cgroups; /* by what they left, largest first */
	uint64_t n_removed_cgroups;		    /* the empty ones, too */
	VEC(struct report_owner) other_owners;
	VEC(struct report_path) paths; /* by domain, then by live bytes, largest first */
	VEC(struct report_path_total) path_totals;
	VEC(struct report_kernel_class) kernel_classes;	 /* by line, then by live bytes */
	VEC(struct report_kernel_module) kernel_modules; /* by live bytes */
	uint64_t n_paths_small;				 /* left out by --min-bytes */
	uint32_t top_paths;				 /* for people: so many of them; 0: all */
	uint64_t since_ns; /* growth of paths is over so long; 0: since the start */
	bool has_sampling;
	struct sampling_stats sampling;
	VEC(struct report_ledger_line)
	ledger; /* closed: adds up to MemTotal */
	struct report_total total;
	VEC(struct report_hidden) hidden;	 /* by line, most grown first */
	uint64_t n_hidden_reads, hidden_ns;	 /* looks at the hidden owners, time of the last */
	VEC(struct meminfo_line) unclassified;	 /* meminfo lines that no rule knows, at the end */
	struct span available;			 /* MemAvailable */
	struct span negative_dentries;		 /* a count: names that are not there */
	VEC(struct report_container) containers; /* by growth, largest first */
	VEC(struct report_slab_cache) slab_caches; /* by growth, largest first */
	VEC(struct report_grower) growers;	   /* leaks first, then by rate */
	struct report_judged judged;
	VEC(struct event) events;
	struct alert_list alerts;
	struct report_analysis *analysis; /* of --analyze; NULL in other modes; owned */
	struct limits limits;
	struct self_sample self;
	struct strings strings; /* what the frames of paths point to */
};

void report__free(struct report *r);

/* Whether the path's pages can be in this line. Of those that no counter names nobody knows in
 * which of the two lines they are, nor of slab pages. */
bool report_path__is_of_line(const struct report_path *p, enum ledger_line line);
