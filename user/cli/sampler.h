/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One tick from all collectors: processes, owners, targets, meminfo, limits
 * and our own cost. Owns the collectors; losing one costs that one alone.
 */
#pragma once

#include <stdbool.h>

#include "cli/sampler_paths.h"
#include "cli/target.h"
#include "collect/bpf/tracer.h"
#include "collect/delta.h"
#include "collect/hidden.h"
#include "collect/pages.h"
#include "collect/tasks.h"
#include "model/feature.h"

struct sampler {
	int root_fd;		   /* not owned */
	struct features *features; /* not owned */
	struct tracer *tracer;	   /* NULL: no BPF */
	struct pages *pages;	   /* NULL: no page attribution */
	struct task_source *tasks;
	struct delta *delta;
	struct sampler_paths paths;
	struct hidden *hidden;
	bool scan_kmemleak;	    /* before the last look at the hidden owners */
	uint64_t hidden_due_ns;	    /* CLOCK_BOOTTIME: no earlier look at the hidden owners */
	struct target_set *targets; /* NULL: nobody is watched; not owned */
	const char *cgroup;	    /* --cgroup: members are looked up at each tick; NULL none */
	uint32_t command_pid;	    /* has not run its command at the first tick; 0: none */
	bool command_runs;	    /* its first exec was seen */
	uint64_t command_cpu_ns;    /* of the command, once it was waited for; else 0 */
	struct task_list list;
	struct owner_list owners;
	bool list_failed; /* the last reading of the process list: `list` is not of this tick */
	uint64_t seq;
	uint64_t n_task_errors; /* readings of the process list that failed */
	uint64_t n_owner_errors;
	uint64_t n_cgroups_skipped;
	VEC(struct ownership *) ownership; /* of targets, opened while rights allow */
	uint32_t ownership_lost; /* targets whose pages could not be told apart at the end */
	uint32_t smaps_denied;	 /* targets whose smaps_rollup could not be read */
};

/* Opens what works: without BPF the /proc source alone. `disabled` as for tracer__open;
 * no_bpf skips BPF altogether; sampling: of targets' pages, copied but for its debug_dirs;
 * NULL: none. 0 or -errno (not even /proc can be read). */
struct sampler_options {
	bool no_bpf;
	const bool *disabled; /* _SOURCE_MAX */
	const struct sampling_options *sampling;
	struct slab_options slab;
	const struct heap_options *heap; /* of targets; NULL: not traced */
	const char *const *debug_dirs;	 /* of symbols; NULL-terminated, or NULL */
};
int sampler__open(struct sampler *s, int root_fd, const struct sampler_options *o,
		  struct features *features);
void sampler__close(struct sampler *s);

/* Opens the page ownership of the targets alive at the last tick, which takes
 * rights that are dropped later. What fails is counted into limits. */
void sampler__open_ownership(struct sampler *s);

enum sample_flag {
	/* smaps_rollup of targets, hidden owners; the waiting command counts as empty */
	SAMPLE_FIRST = 1 << 0,
	/* smaps_rollup of targets, hidden owners; what dead owners left is looked up */
	SAMPLE_LAST = 1 << 1,
};

/* Fills t (cleared first). What could not be read is in its limits. 0 or -ENOMEM. */
int sampler__tick(struct sampler *s, unsigned int flags, struct tick *t);

/* What we cost up to now, into t->self: sampler__tick() has done so, but who adds to the tick costs
 * as well. */
void sampler__add_self(struct sampler *s, struct tick *t);
