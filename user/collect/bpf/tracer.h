/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything we have in the kernel: objects, maps, attachments. All of it is
 * held by file descriptors of this process and nothing is pinned, so any exit,
 * kill -9 included, leaves nothing behind.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "collect/bpf/machine.h"
#include "collect/bpf/object.h"
#include "collect/bpf/sources.h"
#include "model/feature.h"
#include "model/limit.h"
#include "model/tick.h"

struct tracer {
	struct machine machine;
	struct bpf_object *obj[_SOURCE_MAX]; /* NULL: not loaded */
	struct bpf_links links;
	struct bpf_links calls; /* tracer__trace_calls() */
	int call_events_fd;
	struct bpf_shared shared, vma_maps;
	struct bpf_map_size sizes[16];
	uint32_t max_owners;
	uint32_t n_slots;	 /* of samples of targets' pages; 0: nothing is sampled */
	uint32_t n_kernel_slots; /* of kernel pages, after those */
	bool disabled[_SOURCE_MAX];
	char reason[_SOURCE_MAX][BPF_REASON_SIZE]; /* why not loaded */
};

/*
 * Loads every source that is not disabled. A source that fails costs itself
 * alone and is in features with the reason. 0 when at least one works, else
 * -errno. Attach nothing yet: tracer__attach().
 * stack_bytes: copied with each sample of a target's pages, a power of two; 0:
 * nothing is sampled.
 */
int tracer__open(int root_fd, const bool disabled[_SOURCE_MAX], uint32_t stack_bytes,
		 struct features *features, struct tracer **ret);
void tracer__attach(struct tracer *t, struct features *features);
void tracer__close(struct tracer *t); /* NULL allowed */

/* System calls that map memory, of watched processes: traced from tracer__open() on, where the
 * source is there. 0 or -errno. */
int tracer__trace_calls(struct tracer *t, bool on);

bool tracer__has(const struct tracer *t, enum bpf_source_id id);

/* Sources that are not there, events missed by recursion. 0 or -ENOMEM. */
int tracer__limits(struct tracer *t, struct limits *l);
/* bpf_ns, map_bytes. */
void tracer__self(const struct tracer *t, struct self_sample *self);
