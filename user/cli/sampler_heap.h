/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --heap: which targets have their allocations traced, and what is told of it. */
#pragma once

#include "cli/target.h"
#include "collect/heap.h"
#include "model/feature.h"

struct sampler_heap {
	struct heap *heap; /* NULL: off */
	bool wanted;
	char reason[BPF_REASON_SIZE]; /* why not, though wanted */
};

/* What does not work is in features and limits. o NULL: not wanted. */
void sampler_heap__open(struct sampler_heap *s, int root_fd, const struct heap_options *o,
			struct code_book *book, struct features *features);
int sampler_heap__start(struct sampler_heap *s); /* 0 or -errno */
void sampler_heap__close(struct sampler_heap *s);

/* The targets alive; waiting_pid: one that has not executed its program yet, 0: none. 0 or
 * -ENOMEM. */
int sampler_heap__mark(struct sampler_heap *s, const struct target_set *targets,
		       uint32_t waiting_pid);
/* 0 or -ENOMEM. */
int sampler_heap__tick(struct sampler_heap *s, bool last, struct tick *t);
