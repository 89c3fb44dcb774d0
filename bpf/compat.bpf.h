/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every difference between the kernels we run on (5.10 to current), each with
 * the release that made it. Nothing here looks at a version number: CO-RE
 * finds what is there.
 */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* 6.2: mm_struct.rss_stat became per-CPU counters. */
struct mm_rss_stat {
	atomic_long_t count[4];
};

struct mm_struct___split {
	struct mm_rss_stat rss_stat;
};

struct mm_struct___percpu {
	struct percpu_counter rss_stat[4];
};

/* 5.14: task_struct.state became __state. */
struct task_struct___state {
	volatile long state;
};

struct task_struct___state2 {
	unsigned int __state;
};

/* Pages of a large folio: 6.16 _nr_pages; 6.1 to 6.12 _folio_nr_pages. */
struct folio___nr {
	unsigned int _nr_pages;
};

struct folio___folio_nr {
	unsigned int _folio_nr_pages;
};

/* Without either (no NR_PAGES_IN_LARGE_FOLIO), 6.6 on: order in the low byte. */
struct folio___flags1 {
	unsigned long _flags_1;
};

/* 5.10 to 5.15: in the second struct page of a compound page. */
struct page___compound {
	unsigned int compound_nr;
};

/* 6.15: kernfs_node.parent became __parent. */
struct kernfs_node___old {
	struct kernfs_node *parent;
};

struct kernfs_node___new {
	struct kernfs_node *__parent;
};

/* 5.16 on, CONFIG_MEMCG: of kernel memory (MEMCG_DATA_KMEM) an obj_cgroup. Before, some releases
 * kept a mem_cgroup there, and nothing tells which. */
struct folio___memcg {
	unsigned long memcg_data;
};

#pragma clang attribute pop

/* bpf_get_current_task_btf() is 5.11; its result reads like memory, which is
 * several times cheaper than bpf_probe_read_kernel(). */
static __always_inline bool has_task_btf(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf);
}

/* Number of pages of the folio (5.16 on) or compound page at `addr`. */
static __always_inline __u32 compat_folio_nr_pages(__u64 addr)
{
	unsigned long flags = 0;

	/* The first member on every kernel: an unsigned long or, from 6.18, a struct
	 * of one, which CO-RE would refuse to take for the other. */
	bpf_probe_read_kernel(&flags, sizeof(flags), (void *)addr);
	if (!(flags & (1UL << bpf_core_enum_value(enum pageflags, PG_head))))
		return 1;
	if (bpf_core_field_exists(struct folio___nr, _nr_pages))
		return BPF_CORE_READ((struct folio___nr *)addr, _nr_pages);
	if (bpf_core_field_exists(struct folio___folio_nr, _folio_nr_pages))
		return BPF_CORE_READ((struct folio___folio_nr *)addr, _folio_nr_pages);
	if (bpf_core_field_exists(struct folio___flags1, _flags_1))
		return 1U << (BPF_CORE_READ((struct folio___flags1 *)addr, _flags_1) & 0x1f);
	if (bpf_core_field_exists(struct page___compound, compound_nr))
		return BPF_CORE_READ(
			(struct page___compound *)(addr + bpf_core_type_size(struct page)),
			compound_nr);
	return 1;
}

static __always_inline struct kernfs_node *compat_kernfs_parent(struct kernfs_node *kn)
{
	struct kernfs_node___new *new = (void *)kn;
	struct kernfs_node___old *old = (void *)kn;

	return bpf_core_field_exists(new->__parent) ? BPF_CORE_READ(new, __parent)
						    : BPF_CORE_READ(old, parent);
}

#define MEMCG_DATA_KMEM 2UL
#define MEMCG_DATA_FLAGS 7UL

/* Whom a block of kernel pages is charged to; NULL: nobody, or it cannot be told. The charge is
 * made before mm_page_alloc (mm/page_alloc.c), for __GFP_ACCOUNT only. */
static __always_inline struct cgroup *compat_charged_cgroup(__u64 page)
{
	struct folio___memcg *folio = (void *)page;
	unsigned long data;

	if (!bpf_core_field_exists(folio->memcg_data))
		return NULL;
	data = BPF_CORE_READ(folio, memcg_data);
	if (!(data & MEMCG_DATA_KMEM))
		return NULL;
	return BPF_CORE_READ((struct obj_cgroup *)(data & ~MEMCG_DATA_FLAGS), memcg, css.cgroup);
}

/* Run state and exit state bits together, as /proc/PID/stat's letter is made
 * from. task: a pointer the verifier knows the type of. */
static __always_inline __u32 compat_task_state(const struct task_struct *task)
{
	const struct task_struct___state2 *t2 = (const void *)task;
	const struct task_struct___state *t1 = (const void *)task;
	__u32 exit_state = task->exit_state;

	if (bpf_core_field_exists(t2->__state))
		return t2->__state | exit_state;
	return t1->state | exit_state;
}
