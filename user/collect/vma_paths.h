/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which call paths hold the address space of watched processes, touched or not:
 * mmap, mremap and brk with their stacks, less what was unmapped since. Exact,
 * until unwinding takes more than its budget: then by samples. What is missed
 * is found by a look at /proc/PID/maps, and has no path.
 */
#pragma once

#include "collect/bpf/tracer.h"
#include "collect/stack_walker.h"

struct vma_paths;

/* 0, -ENODATA (the source is not there) or -errno. Tracer, root_fd and walker must outlive it. */
int vma_paths__open(struct tracer *tracer, int root_fd, uint32_t budget_permille,
		    struct stack_walker *walker, struct vma_paths **ret);
/* Starts the thread that reads records, with the rights its caller has now. 0 or -errno. */
int vma_paths__start(struct vma_paths *p);
void vma_paths__close(struct vma_paths *p); /* NULL allowed */

/* Watches this process from now on; heirs: and who it forks. 0 or -errno. */
int vma_paths__mark(struct vma_paths *p, struct proc_id id, bool heirs);
void vma_paths__forget(struct vma_paths *p, struct proc_id id);

/* CLOCK_BOOTTIME of the last call, fork or exec that was seen; 0: none. */
uint64_t vma_paths__last_ns(struct vma_paths *p);
/* Stops tracing calls, or goes on; what is mapped is then looked up. 0 or -errno. */
int vma_paths__rest(struct vma_paths *p, bool rest);

/* Brings the book's paths up to date, and appends what each process has mapped. `last`: after a
 * look at what really is mapped. 0 or -ENOMEM. */
int vma_paths__tell(struct vma_paths *p, bool last, struct tick *t);
/* 0 or -ENOMEM. */
int vma_paths__limits(struct vma_paths *p, struct limits *l);
