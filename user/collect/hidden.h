/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks up who holds memory that no process's counters show. Dear: it walks
 * every process's descriptors. Done at the start, at the end, and when memory
 * went where no counter tells (hidden_is_due).
 */
#pragma once

#include "collect/tasks.h"
#include "model/hidden.h"
#include "model/tick.h"

struct hidden;
struct tracer;

/* Opens what takes rights that are dropped later. root_fd is kept open by the caller. 0 or
 * -ENOMEM. */
int hidden__new(int root_fd, uint64_t page_size, struct hidden **ret);
void hidden__free(struct hidden *h);
/* From here on looks list BPF objects that no process holds. 0, -ENOMEM, or -errno: they do not. */
int hidden__open_bpf(struct hidden *h, const struct tracer *tracer);

/*
 * Replaces t->hidden: every holder there is of the kinds this machine has, and
 * HIDDEN_LOOK. `procs` are the processes alive. What could not be read is
 * counted for hidden__limits(). 0 or -ENOMEM.
 */
int hidden__read(struct hidden *h, const struct task_list *procs, struct tick *t);

/* To be called for every tick, when it has its meminfo: appends to t->machine what a look found
 * out about the machine. 0 or -ENOMEM. */
int hidden__machine(struct hidden *h, struct tick *t);

/* Whether memory went where a look would tell more: since the last one, what no counter names, or
 * shared memory, slab or vmalloc grew by more than a hundredth of memory. */
bool hidden__is_due(const struct hidden *h, const struct tick *t);

/* Has the kernel's leak detector look through memory before the next look reads what it found; on
 * machines without one that is a limit. */
void hidden__scan_kmemleak(struct hidden *h);

int hidden__limits(const struct hidden *h, struct limits *l);
