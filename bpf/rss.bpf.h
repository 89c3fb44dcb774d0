/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resident set counters of an address space, exact where they can be. */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "compat.bpf.h"
#include "memtrace.h"

/* Address of each CPU's per-CPU memory; 0: unknown. Written by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64[MT_MAX_CPUS]);
} cpu_offset SEC(".maps");

/*
 * percpu_counter: the total is `count` plus a part kept by each CPU, which can
 * reach batch (32 pages, or twice the number of CPUs) each. mm_struct's four
 * are allocated as one array (6.5 on), so one read a CPU gets all.
 * Returns whether the sums are exact.
 */
static __noinline bool rss_percpu(struct mm_struct *mm, __s64 *rss, __u32 n_cpus)
{
	struct mm_struct___percpu *p = (void *)mm;
	struct percpu_counter *c = &p->rss_stat[0];
	__s32 *parts = c->counters;
	__u32 zero = 0;
	__u64 *offset;

	for (int i = 0; i < 4; i++) {
		rss[i] = c->count;
		/* CO-RE moves fields, not elements: the kernel's element is larger than ours. */
		if (i < 3)
			c = (void *)c + bpf_core_type_size(struct percpu_counter);
	}
	offset = bpf_map_lookup_elem(&cpu_offset, &zero);
	if (!offset || !offset[0] || c->counters != parts + 3)
		return false;
	for (__u32 cpu = 0; cpu < MT_MAX_CPUS; cpu++) {
		__s32 part[4];

		if (cpu >= n_cpus)
			break;
		if (!offset[cpu] ||
		    bpf_probe_read_kernel(part, sizeof(part), (void *)parts + offset[cpu]))
			return false;
		for (int i = 0; i < 4; i++)
			rss[i] += part[i];
	}
	return true;
}

/*
 * Fills rss (4 of them, MM_* order, pages); returns whether it is exact. mm is
 * a pointer the verifier knows the type of: plain loads, which cost a fraction
 * of bpf_probe_read_kernel().
 */
static __always_inline bool rss_read(struct mm_struct *mm, __s64 *rss, __u32 n_cpus)
{
	struct mm_struct___percpu *p = (void *)mm;

	if (bpf_core_field_exists(p->rss_stat[0].counters))
		return rss_percpu(mm, rss, n_cpus);
	/* Up to 6.1 each thread keeps up to 64 events of its own. Read in one go: that
	 * verifier does not see through an array of a typedef'ed struct. */
	bpf_probe_read_kernel(rss, 4 * sizeof(*rss),
			      (void *)mm +
				      bpf_core_field_offset(struct mm_struct___split, rss_stat));
	return false;
}
