/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slab objects by who took them and from where: loads and attaches the slab
 * source, and reads the samples that are still allocated. What was allocated
 * before it was opened is unknown to it.
 */
#pragma once

#include "base/vec.h"
#include "collect/bpf/object.h"
#include "collect/kernel_text.h"
#include "model/tick.h"

struct slab_trace;

struct slab_trace_options {
	uint64_t interval; /* mean bytes between two samples; 0: every object */
	uint32_t max_objects;
	const struct text_ranges *irq; /* where interrupts begin; must outlive it; NULL: unknown */
};

/* What one process holds of one cache by one call path; bytes are estimates. */
struct slab_holding {
	struct proc_id id; /* of who allocated; zero: an interrupt */
	char comm[COMM_SIZE];
	char cache[32];	 /* "" : an unnamed one (up to 6.0) */
	uint64_t stack;	 /* slab_trace__stack(); 0: none */
	uint64_t cgroup; /* the kernel's id of who allocated's, last; 0: unknown */
	double live, variance;
	uint64_t samples;
	uint64_t oldest_ns; /* CLOCK_BOOTTIME */
	bool large;	    /* kmalloc of whole pages: not in slab pages */
};

struct slab_holdings {
	struct slab_holding *v;
	size_t n, cap;
};

/* 0, or -errno with the kernel's words in reason. */
int slab_trace__open(const struct slab_trace_options *o, char reason[static BPF_REASON_SIZE],
		     struct slab_trace **ret);
void slab_trace__close(struct slab_trace *t); /* NULL allowed */

/* Everything allocated since it was opened and not freed, grouped; ret is cleared first.
 * Objects younger than min_age_ns are left out. 0 or -errno. */
int slab_trace__read(struct slab_trace *t, uint64_t min_age_ns, struct slab_holdings *ret);

/* Addresses of a stack, innermost first, cut where an interrupt began; their number. */
size_t slab_trace__stack(struct slab_trace *t, uint64_t key, uint64_t ret[static MT_KSTACK_DEPTH],
			 bool *ret_complete);

/* Of the map with the names of cgroups; the tracer's. */
int slab_trace__cgroups_fd(const struct slab_trace *t);

/* 0 or -ENOMEM. */
int slab_trace__limits(const struct slab_trace *t, struct limits *l);
