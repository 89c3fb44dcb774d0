/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What watched processes do to their address spaces: records and control of the source "vma". */
#pragma once

#include "collect/bpf/tracer.h"
#include "model/process.h"

struct vma_trace;

/* Called for each record read; data is valid during the call only. */
typedef void vma_fn(void *arg, const struct mt_vma *v);

struct vma_counts {
	uint64_t lost;	   /* calls without a record */
	uint64_t no_stack; /* records that lack their stack */
	uint64_t missed;   /* calls that had begun before they were watched */
};

/* Tracer must outlive it. 0, -ENODATA (source not there) or -errno. */
int vma_trace__open(struct tracer *tracer, vma_fn *fn, void *arg, struct vma_trace **ret);
void vma_trace__close(struct vma_trace *t); /* NULL allowed */

/* Watched from now on; heirs: and who it forks. 0 or -errno. */
int vma_trace__mark(struct vma_trace *t, struct proc_id id, bool heirs);
void vma_trace__forget(struct vma_trace *t, struct proc_id id);

/* Whether calls are traced at all: costs every system call of the machine. 0 or -errno. */
int vma_trace__calls(struct vma_trace *t, bool on);

/* Stacks of one call in so many mapped bytes; 0: of every one. paused: no calls at all. */
void vma_trace__control(struct vma_trace *t, uint64_t interval, bool paused);

/* Calls back for every record that is there. One thread at a time. Records read, or -errno. */
int vma_trace__consume(struct vma_trace *t);
int vma_trace__fd(const struct vma_trace *t); /* to poll(2) for records; owned by t */
void vma_trace__counts(const struct vma_trace *t, struct vma_counts *ret);
uint32_t vma_trace__stack_bytes(const struct vma_trace *t); /* at most so much is copied */
