/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The code and call paths of a run, whoever found them: threads that walk
 * stacks write into it, the sampler tells it to the ticks.
 */
#pragma once

#include <pthread.h>

#include "collect/cgroup_names.h"
#include "collect/kernel_modules.h"
#include "collect/kernel_text.h"
#include "collect/modules.h"
#include "collect/path_table.h"

/* Frames kept of a kernel stack. */
#define KERNEL_FRAMES_MAX 64

struct code_book {
	pthread_mutex_t lock; /* everything below */
	struct modules modules;
	size_t n_modules_told;
	struct path_table table;
	uint32_t kernel_module; /* id */
	int loaded_fd;		/* /proc/modules; -1: the kernel has none */
	struct kernel_modules loaded;
	struct text_ranges irq; /* where interrupts begin; empty: not looked for yet, or unknown */
	int irq_err;		/* 1: not looked for yet */
	struct cgroup_names cgroups;
	uint64_t n_cgroups_unnamed; /* paths whose cgroup found no room in the kernel's map */
};

/* Opens the kernel's symbols, which takes rights that are dropped later. 0 or -ENOMEM; to be
 * freed either way. */
int code_book__init(struct code_book *b, int root_fd);
void code_book__free(struct code_book *b);

/* Call these with the lock held. */

/* Modules of the kernel may have come and gone: call it before stacks are told. */
void code_book__look_at_modules(struct code_book *b);
/* Where interrupts begin; NULL: that is not known. Looks for it the first time. */
const struct text_ranges *code_book__irq_entries(struct code_book *b);
/* Leaf of a stack of these kernel addresses, innermost first, return addresses but for the first;
 * 0: no frames, or no room. 0 or -ENOMEM. */
int code_book__kernel_stack(struct code_book *b, const uint64_t *ip, size_t n, uint32_t *ret_leaf);

/* 0 or -ENOMEM. */
int code_book__limits(struct code_book *b, struct limits *l);

/* Appends modules, nodes, paths and their cgroups that are new or changed. 0 or -ENOMEM. */
int code_book__tell(struct code_book *b, struct tick *t);

/* The files of a module, for its symbols; owned by b. -1: none. */
struct module_files {
	int fd, root_fd;
};
struct module_files code_book__files(struct code_book *b, uint32_t module);
