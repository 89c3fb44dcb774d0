/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run found, ready to be printed: the only thing sinks see. Built by
 * analyze/ from the history; plain values, no decisions left to a sink.
 * Schema "memtrace.report/1"; README documents the JSON members.
 */
#pragma once

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
	bool growth_known, growth_approx;
	int64_t growth_bytes; /* anon + swap + shmem (or rss when those are unknown), end - start */
	bool rate_known;      /* false: growth unknown, or seen for less than a second */
	double rate_bytes_per_hour; /* growth over the time it was seen */
	uint64_t seen_ns;
};

/* What exited processes left behind. */
struct report_residue {
	struct owner_sample owner;
	uint64_t held; /* bytes, all classes */
};

/* Owners that are no single process: async bucket, overflow, kernel threads … */
struct report_owner {
	struct owner_sample owner;
};

/* A line of the closed ledger: those the kernel knows at both ends, in their order. */
struct report_ledger_line {
	enum ledger_line line;
	uint64_t start, end;
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
	uint64_t live_bytes;  /* held at the end; PATH_USER: by who first touched it */
	uint64_t start_bytes; /* held at the moment the growth is counted from */
	int64_t growth_bytes; /* live - start */
	uint64_t taken_bytes; /* since attach, freed or not */
	uint64_t error_bytes; /* of live_bytes; 0: counted, not sampled */
	uint64_t samples;     /* live ones */
	bool complete;	      /* the walk reached the thread's first function */
	bool age_known;
	uint64_t oldest_age_ns;	   /* of what is still held */
	struct path_frames frames; /* v is the path's, strings are the report's; n 0: unknown */
};

/* Who holds some of a line, at the first and the last look. */
struct report_hidden {
	struct hidden_sample last; /* of the first look when it was not there at the last */
	bool start_known;	   /* false: knows only what came since the start */
	uint64_t start, end;
	uint64_t start_count, end_count;
};

/* How far the ledger tells why MemAvailable changed. */
struct report_total {
	bool ledger_known;    /* there is a ledger; the others below need one */
	uint64_t mem_total;   /* at the end: the sum of the lines */
	int64_t free;	      /* change of MemFree */
	int64_t unexplained;  /* change of what no counter and no owner names */
	int64_t locked;	      /* cache that is there and no longer counts as available */
	bool explained_known; /* the change is large enough for a share of it */
	uint32_t explained_permille;
	uint64_t overlap; /* bytes that counters named twice, at the end */
};

struct report_note {
	char text[256]; /* a finding or a next step, in words */
};

struct report {
	struct run_info info;
	bool whole_machine;	   /* nobody was chosen: it is about all processes */
	uint64_t start_ns, end_ns; /* CLOCK_REALTIME */
	uint64_t duration_ns;	   /* by CLOCK_BOOTTIME */
	uint64_t boot_ns; /* CLOCK_REALTIME when CLOCK_BOOTTIME was 0: dates start_ticks; 0 unknown
			   */
	uint64_t n_ticks;
	uint32_t n_procs;			/* alive at the end */
	VEC(struct report_note) head;		/* what a reader needs first */
	VEC(struct report_process) processes;	/* targets first, then by growth */
	VEC(struct report_residue) left_behind; /* by held, largest first */
	VEC(struct report_owner) other_owners;
	VEC(struct report_path) paths; /* by domain, then by live bytes, largest first */
	VEC(struct report_ledger_line)
	ledger; /* closed: adds up to MemTotal */
	struct report_total total;
	VEC(struct report_hidden) hidden;      /* by line, most grown first */
	uint64_t n_hidden_reads, hidden_ns;    /* looks at the hidden owners, time of the last */
	VEC(struct meminfo_line) unclassified; /* meminfo lines that no rule knows, at the end */
	struct span available;		       /* MemAvailable */
	VEC(struct event) events;
	struct alert_list alerts;
	struct report_analysis *analysis; /* of --analyze; NULL in other modes; owned */
	struct limits limits;
	struct self_sample self;
	struct strings strings; /* what the frames of paths point to */
};

void report__free(struct report *r);
