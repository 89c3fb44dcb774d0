/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which call paths hold the user pages of targets: a thread of its own reads
 * the samples, unwinds each stack once and keeps what the paths hold. It
 * spends at most the budget: when that is not enough, samples become rarer and
 * weigh more, which widens the error and biases nothing.
 */
#pragma once

#include "collect/pages.h"
#include "collect/stack_walker.h"

struct user_paths_options {
	uint64_t interval_bytes;  /* mean bytes between two samples */
	uint32_t budget_permille; /* of one CPU */
};

struct user_paths;

/* 0, -ENODATA (loaded without sampling) or -errno. Pages and walker must outlive it. */
int user_paths__open(struct pages *pages, const struct user_paths_options *o,
		     struct stack_walker *walker, struct user_paths **ret);
/* Starts the thread, with the rights its caller has now; before it, samples
 * wait in the kernel's buffer. 0 or -errno. */
int user_paths__start(struct user_paths *p);
void user_paths__close(struct user_paths *p);

/* Samples this process from now on; `heirs`: and who it forks. Again is no error. 0 or -errno. */
int user_paths__mark(struct user_paths *p, struct proc_id id, bool heirs);
/* It has ended. */
void user_paths__forget(struct user_paths *p, struct proc_id id);
/* The same process by its owner id, when it took pages before it was marked. */
void user_paths__mark_owner(struct user_paths *p, uint32_t owner, bool heirs);

/* Brings the book's paths up to date, and appends how sampling went. `last`: with
 * every sample taken until now. 0 or -ENOMEM. */
int user_paths__tell(struct user_paths *p, bool last, struct tick *t);
int user_paths__limits(struct user_paths *p, struct limits *l);
