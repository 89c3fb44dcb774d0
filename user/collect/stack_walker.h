/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a copied stack to a leaf of the book: keeps what is needed to walk the
 * stacks of the processes that were seen last, and the walks themselves. Used
 * with the book's lock held, by whatever thread.
 */
#pragma once

#include "collect/code_book.h"
#include "collect/stack_cache.h"
#include "collect/unwind.h"

struct walker_space;

struct stack_walker {
	int root_fd;
	uint32_t stack_bytes;	/* a copy of so many was not ended by the stack's own end */
	struct code_book *book; /* not owned */
	VEC(struct walker_space) spaces;
	struct unwind_result *result;
};

/* Of one kind of samples. */
struct walk_stats {
	uint64_t stacks, repeated;	/* looked at; of them known already */
	uint64_t ends[_UNWIND_END_MAX]; /* how the walks ended */
};

/* 0 or -ENOMEM; to be freed either way. root_fd and book must outlive it. */
int stack_walker__init(struct stack_walker *w, int root_fd, uint32_t stack_bytes,
		       struct code_book *book);
void stack_walker__free(struct stack_walker *w);

/* Leaf of the sample's stack, 0 where nothing is known of its process; adds to stats. 0 or
 * -ENOMEM. */
int stack_walker__leaf(struct stack_walker *w, const struct mt_sample *s, struct walk_stats *stats,
		       uint32_t *ret_leaf, bool *ret_complete);
/* Which process a sample is of. */
struct proc_id sample_proc(const struct mt_sample *s);
