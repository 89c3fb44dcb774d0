/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Call paths into the ticks: who is sampled, the stacks, and at the end their names. */
#pragma once

#include "analyze/call_tier.h"
#include "cli/sampler_heap.h"
#include "cli/sampler_slab.h"
#include "cli/target.h"
#include "collect/kernel_paths.h"
#include "collect/user_paths.h"
#include "collect/vma_paths.h"
#include "symbol/symbolizer.h"

struct sampling_options {
	uint64_t interval_bytes; /* 0: no samples */
	uint32_t stack_bytes;	 /* a power of two */
	uint32_t budget_permille;
	bool heirs; /* children of targets are sampled from their first page on */
};

/* Code of a JIT without a perf map so far. */
struct code_without_map {
	struct proc_id id;
	uint32_t module; /* the symbolizer's number */
};

struct sampler_paths {
	struct code_book book;
	struct stack_walker walker;
	bool open;
	struct sampler_slab slab;
	struct sampler_heap heap;
	struct user_paths *paths;    /* NULL: no pages are sampled */
	struct vma_paths *vma;	     /* NULL: address space is not followed */
	struct call_tier calls;	     /* of vma */
	struct kernel_paths *kernel; /* NULL: no page attribution */
	struct sampling_options options;
	struct symbolizer *symbolizer;
	VEC(uint32_t) symbol_module; /* id - 1: the symbolizer's number */
	VEC(struct code_without_map) mapless;
	VEC(struct code_node) nodes; /* all that were told */
	VEC(struct proc_id) marked;
	int root_fd; /* not owned */
};

/* What comes before the first path, whatever its domain. 0 or -errno. */
int sampler_paths__open(struct sampler_paths *s, int root_fd, const char *const *debug_dirs);
/* Before the two below. 0 or -ENOMEM. */
int sampler_paths__open_stacks(struct sampler_paths *s, const struct sampling_options *o);
/* User pages of targets. 0, -ENODATA (loaded without sampling) or -errno. */
int sampler_paths__open_user(struct sampler_paths *s, struct pages *pages);
/* Their address space. 0, -ENODATA (the source is not there) or -errno. */
int sampler_paths__open_vma(struct sampler_paths *s, struct tracer *tracer);
/* Kernel pages of everybody. 0 or -errno. */
int sampler_paths__open_kernel(struct sampler_paths *s, struct pages *pages);
/* From here on samples are read, by a thread with the rights its caller has now. 0 or -errno. */
int sampler_paths__start(struct sampler_paths *s);
void sampler_paths__close(struct sampler_paths *s);

/* Samples the targets that are alive; owners: of this moment; waiting_pid: as for
 * sampler_heap__mark(). 0 or -ENOMEM. */
int sampler_paths__mark(struct sampler_paths *s, const struct target_set *targets,
			const struct owner_list *owners, uint32_t waiting_pid);

/* Adds to t what is new or changed; `last`: with the names of all code. 0 or -ENOMEM. */
int sampler_paths__tick(struct sampler_paths *s, bool last, struct tick *t);
