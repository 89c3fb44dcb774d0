/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In which cgroup memory is taken: its id, and once for each its names. On a
 * sample only.
 */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "compat.bpf.h"
#include "memtrace.h"

/* Preallocated. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_CGROUPS);
	__type(key, __u64);
	__type(value, struct mt_cgroup);
} cgroup_names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_cgroup);
} cgroup_scratch SEC(".maps");

/* The root has no name. A global function: verified once, and not in line. */
__noinline int cgroup_write_names(__u64 id, __u64 node)
{
	struct kernfs_node *kn = (void *)node, *parent = NULL;
	__u32 zero = 0, at = 0;
	struct mt_cgroup *c;

	c = bpf_map_lookup_elem(&cgroup_scratch, &zero);
	if (!c)
		return 0;
	for (int i = 0; i < MT_CGROUP_DEPTH; i++) {
		long n;

		parent = compat_kernfs_parent(kn);
		barrier_var(at);
		if (!parent || at >= MT_CGROUP_TEXT)
			break;
		n = bpf_probe_read_kernel_str(&c->names[at], MT_CGROUP_NAME_MAX,
					      BPF_CORE_READ(kn, name));
		if (n <= 0)
			break;
		at += n;
		kn = parent;
	}
	c->n = at;
	c->cut = parent && compat_kernfs_parent(kn);
	/* Full: user space counts the ids that it finds no name for. */
	bpf_map_update_elem(&cgroup_names, &id, c, BPF_NOEXIST);
	return 0;
}

/* Its id; 0: none. */
static __always_inline __u64 cgroup_note(struct cgroup *cgroup)
{
	struct kernfs_node *kn;
	__u64 id;

	if (!cgroup)
		return 0;
	kn = BPF_CORE_READ(cgroup, kn);
	id = BPF_CORE_READ(kn, id);
	if (id && !bpf_map_lookup_elem(&cgroup_names, &id))
		cgroup_write_names(id, (__u64)kn);
	return id;
}

/* In the hierarchy that counts memory: the unified one, or v1's own. NULL: no cgroups here. */
static __always_inline struct cgroup *cgroup_of_task(struct task_struct *task)
{
	struct cgroup_subsys_state *css = NULL;
	struct cgroup *unified, *memory;
	struct css_set *set;

	if (!bpf_core_field_exists(task->cgroups))
		return NULL;
	set = BPF_CORE_READ(task, cgroups);
	unified = BPF_CORE_READ(set, dfl_cgrp);
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return unified;
	bpf_probe_read_kernel(
		&css, sizeof(css),
		(char *)set + bpf_core_field_offset(struct css_set, subsys) +
			sizeof(css) * bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));
	memory = BPF_CORE_READ(css, cgroup);
	/* In the unified one it is counted by an ancestor where the process' own has no counter. */
	return memory && BPF_CORE_READ(memory, root) != BPF_CORE_READ(unified, root) ? memory
										     : unified;
}
