/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What paths of address space lack, in words. */
#pragma once

#include "collect/vma_trace.h"
#include "model/limit.h"

struct vma_losses {
	struct vma_counts counts;
	uint64_t no_code;      /* stacks of processes that were gone */
	uint64_t unseen_bytes; /* mapped now by nothing that was seen */
	uint64_t stale_bytes;  /* were taken for mapped and are not, since the start */
	uint64_t widened;      /* times samples were made rarer, from exact on */
	uint64_t pauses;
	uint64_t rests;	       /* times nobody mapped anything, and calls were not traced */
	uint64_t failed;       /* records that were not kept */
	uint64_t looks_failed; /* looks at a process that did not hold still */
};

/* 0 or -ENOMEM. */
int vma_losses__tell(const struct vma_losses *v, struct limits *l);
