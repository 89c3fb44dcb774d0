/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel types, hand-kept: only the members we touch, found by CO-RE at load
 * on any kernel from 5.10 on. Layout here means nothing. Members that exist on
 * some kernels only are read through bpf/compat.bpf.h.
 */
#pragma once

typedef signed char __s8;
typedef unsigned char __u8;
typedef short int __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long int __s64;
typedef long long unsigned int __u64;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef int pid_t;
typedef _Bool bool;

enum {
	false = 0,
	true = 1,
};

/* uapi: bpf.h (used through bpf_helpers.h), values fixed by the ABI */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_STACK = 23,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_MMAPABLE = 1 << 10,
	BPF_RB_NO_WAKEUP = 1,
};

/* Probed by name with bpf_core_enum_value_exists(); values fixed by the ABI. */
enum bpf_func_id {
	BPF_FUNC_get_current_task_btf = 158,
	BPF_FUNC_task_pt_regs = 175,
	BPF_FUNC_map_lookup_percpu_elem = 195,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct bpf_raw_tracepoint_args {
	__u64 args[0];
};

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__s64 counter;
} atomic64_t;

typedef struct {
	__s64 counter;
} atomic_long_t;

struct percpu_counter {
	__s64 count;
	__s32 *counters;
};

struct page {
	unsigned long private; /* only the size of the type is used */
};

/* The bit numbers move between versions: bpf_core_enum_value(). */
enum pageflags {
	PG_head = 6,
};

/* mm/khugepaged.c; in BTF because its tracepoints use it */
enum scan_result {
	SCAN_FAIL,
	SCAN_SUCCEED,
};

typedef struct {
	unsigned int val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct fdtable {
	unsigned int max_fds;
	unsigned long *open_fds;
};

struct files_struct {
	struct fdtable *fdt;
};

struct signal_struct {
	atomic_t live;
	int nr_threads;
};

struct task_struct;

/* Only its size is used: where the registers of user mode lie. */
union thread_union {
	unsigned long stack[1];
};

struct pt_regs;

/* The mapping "[uprobes]"; functions whose return is watched return to its beginning. */
struct xol_area {
	unsigned long vaddr;
};

/* CONFIG_UPROBES */
struct uprobes_state {
	struct xol_area *xol_area;
};

struct mm_struct {
	struct task_struct *owner; /* CONFIG_MEMCG */
	struct uprobes_state uprobes_state;
	unsigned long total_vm;
	unsigned long start_brk, brk, start_stack;
	atomic_long_t pgtables_bytes;
};

struct cgroup_root;

/* Its parent is found through bpf/compat.bpf.h. */
struct kernfs_node {
	const char *name;
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

/* The numbers depend on the configuration: bpf_core_enum_value(). */
enum cgroup_subsys_id {
	memory_cgrp_id = 4,
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};

struct mem_cgroup {
	struct cgroup_subsys_state css;
};

struct obj_cgroup {
	struct mem_cgroup *memcg;
};

/* A call whose return somebody watches; the innermost first. */
struct return_instance {
	unsigned long stack;	      /* stack pointer when the function was entered */
	unsigned long orig_ret_vaddr; /* before the kernel put its own there */
	struct return_instance *next;
};

struct uprobe_task {
	struct return_instance *return_instances;
};

struct task_struct {
	unsigned int flags;
	int exit_code, exit_state;
	pid_t pid, tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	__u64 start_boottime;
	struct mm_struct *mm;
	const struct cred *cred;
	char comm[16];
	struct files_struct *files;
	struct signal_struct *signal;
	struct css_set *cgroups; /* CONFIG_CGROUPS */
	void *stack;
	struct uprobe_task *utask; /* CONFIG_UPROBES; NULL: has hit no probe yet */
	__u32 self_exec_id;	   /* 64 bits on some: the low half does */
};

struct kmem_cache {
	unsigned int size;
	const char *name;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_map {
	__u32 id;
	char name[16];
	enum bpf_map_type map_type;
	__u32 key_size, value_size, max_entries;
	atomic64_t usercnt; /* descriptors and pins */
};

struct user_struct {
	kuid_t uid;
};

struct bpf_prog_aux {
	__u32 id;
	char name[16];
	__u64 load_time; /* CLOCK_BOOTTIME */
	struct user_struct *user;
};

struct bpf_prog {
	__u16 pages;
	struct bpf_prog_aux *aux;
};

struct bpf_iter__bpf_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
};

struct bpf_iter__bpf_prog {
	struct bpf_iter_meta *meta;
	struct bpf_prog *prog;
};

struct bpf_array {
	void *pptrs[0];
};

#pragma clang attribute pop
