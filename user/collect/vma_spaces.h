/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address spaces of watched processes, as what they did tells: which bytes
 * are mapped, since when and by which path. Pure: no I/O, no clock.
 */
#pragma once

#include <stdbool.h>

#include "collect/ranges.h"
#include "memtrace.h"
#include "model/process.h"

struct vma_space {
	uint64_t mm; /* as the kernel names it; 0: not known yet */
	uint32_t n_users;
	struct ranges ranges;
	bool base_known; /* what was mapped before is in ranges */
	bool look_due;	 /* events of it are missing */
	uint64_t changed_ns;
};

struct vma_process {
	struct proc_id id;
	struct vma_space *space; /* one with other processes after vfork() and the like */
	bool asked;		 /* by vma_spaces__add(), and not only by a fork */
};

struct vma_spaces {
	VEC(struct vma_process) procs;
	VEC(struct vma_space *) spaces; /* owned */
	uint64_t page_size, huge_size;
};

/* Of whom, and by which path, for a process that has forked. 0 or -ENOMEM. */
typedef int vma_inherit_fn(void *arg, struct proc_id child, uint32_t path, uint32_t *ret_path);

void vma_spaces__free(struct vma_spaces *s);

/* NULL: not watched. */
struct vma_process *vma_spaces__find(struct vma_spaces *s, struct proc_id id);
/* Watches it; again is no error. 0 or -ENOMEM. */
int vma_spaces__add(struct vma_spaces *s, struct proc_id id);
void vma_spaces__remove(struct vma_spaces *s, struct proc_id id);

/* A fork: the child has what the parent has, each range by the path that `inherit` tells. 0 or
 * -ENOMEM. */
int vma_spaces__fork(struct vma_spaces *s, const struct mt_vma *v, vma_inherit_fn *inherit,
		     void *arg);
/* Another program: the address space is a new one. 0 or -ENOMEM. */
int vma_spaces__exec(struct vma_spaces *s, const struct mt_vma *v);

/* Bytes that the call added to the address space, in whole pages; 0: none. */
uint64_t vma_added_bytes(const struct vma_spaces *s, const struct mt_vma *v);
/* What a call did; what it added gets the tag. 0 or -ENOMEM. */
int vma_spaces__apply(struct vma_spaces *s, const struct mt_vma *v, const struct range_tag *tag);
