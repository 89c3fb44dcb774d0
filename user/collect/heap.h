/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of heap allocators that watched processes hold, by the call path that
 * asked for them: loads source "heap", puts probes into each process, teaches
 * the kernel side how the process's code is unwound, and sums up what is held.
 */
#pragma once

#include "collect/bpf/object.h"
#include "collect/code_book.h"

struct heap_options {
	uint64_t interval_bytes; /* mean bytes between two samples; 0: every block */
	uint32_t max_blocks;	 /* that are kept at a time */
	uint32_t stack_bytes;	 /* looked at for what cannot be walked yet; a power of two */
	uint64_t min_age_ns;	 /* of blocks that are counted */
	bool heirs;		 /* children of watched processes are watched */
	const char *command;	 /* about to be executed by one of them, as typed; NULL: none */
};

struct heap;

/* 0, or -errno with a reason. root_fd and book must outlive it. */
int heap__open(int root_fd, const struct heap_options *o, struct code_book *book,
	       char reason[static BPF_REASON_SIZE], struct heap **ret);
/* CPU time that probes add to an allocation and its free on this machine, tried on ourselves; what
 * is done with the block comes on top. 0 or -errno. */
int heap__cost(struct heap *h, uint64_t *ret_ns);
/* Starts the thread that follows processes, with the rights its caller has now. 0 or -errno. */
int heap__start(struct heap *h);
void heap__close(struct heap *h); /* NULL allowed */

/*
 * This process is watched from now on; again is no error. Before heap__start()
 * its probes are in place on return, later soon after. `waits`: it has not
 * executed its program yet. 0 or -ENOMEM.
 */
int heap__watch(struct heap *h, struct proc_id id, bool waits);

/* Brings the book's paths up to date. `last`: with all that happened until now. 0 or -errno. */
int heap__tell(struct heap *h, bool last);
int heap__limits(struct heap *h, struct limits *l);
