/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who: (tgid, start time) to a dense owner id, and the owner table itself.
 * Included by every object; user space makes them share the maps.
 */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "compat.bpf.h"
#include "memtrace.h"

#define PF_EXITING 0x00000004
#define PF_KTHREAD 0x00200000

const volatile struct mt_config cfg SEC(".rodata.cfg") = {};

/* max_entries of the three tables below are set from the machine at load. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_chunk);
} page_owner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_FIRST_OWNER);
	__type(key, __u32);
	__type(value, struct mt_owner);
} owners SEC(".maps");

/* Preallocated: an insert must not allocate memory inside the allocator. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct mt_owner_key);
	__type(value, __u32);
} owner_ids SEC(".maps");

/* Filled by user space: at start with every id, later with recycled ones. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 1);
	__type(value, __u32);
} free_ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_cpu);
} cpu_state SEC(".maps");

/* Threads that have ended, counted by the task source from when user space has
 * made it 1; 0: nobody counts, and what was known of a stack may be out of date.
 * User space counts it up as well, for what it changed of an owner to be seen. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} exits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_slot);
} sample_slots SEC(".maps");

/* Preallocated; a sample is taken off here by exactly one of those who free its pages. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct mt_kernel_sample);
} kernel_samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 1);
	__type(value, __u32);
} free_kernel_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32); /* tgid */
	__type(value, struct mt_target);
} targets SEC(".maps");

/* Huge pages a thread allocated last (key: tid), for the collapse source: index
 * of the first page, and above MT_HUGE_INDEX how many samples were carried to it. */
#define MT_HUGE_INDEX ((1ULL << 48) - 1)
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} huge_last SEC(".maps");

static __always_inline struct mt_cpu *this_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cpu_state, &zero);
}

static __always_inline __u64 *thread_exits(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&exits, &zero);
}

static __always_inline struct mt_owner *owner_slot(__u32 id)
{
	return bpf_map_lookup_elem(&owners, &id);
}

/* Entry number of a struct page, or ~0 when it is not in the table. */
static __always_inline __u64 page_index(__u64 page)
{
	__u64 index = ((page - cfg.page_base) >> cfg.page_shift) & cfg.page_mask;

	return index < cfg.n_pages ? index : ~0ULL;
}

static __always_inline struct mt_chunk *page_chunk(__u64 index)
{
	__u32 key = index >> MT_CHUNK_SHIFT;

	return bpf_map_lookup_elem(&page_owner, &key);
}

static __always_inline __u32 make_entry(__u32 owner, __u32 class)
{
	return owner | class << MT_CLASS_SHIFT;
}

static __always_inline struct mt_slot *entry_slot(__u32 entry)
{
	__u32 slot = entry & MT_OWNER_MASK;

	return bpf_map_lookup_elem(&sample_slots, &slot);
}

static __noinline __u32 sampled_owner(__u32 entry)
{
	struct mt_slot *slot = entry_slot(entry);

	return slot ? slot->owner : MT_NOBODY;
}

static __always_inline __u32 entry_owner(__u32 entry)
{
	return entry & MT_SAMPLED ? sampled_owner(entry) : entry & MT_OWNER_MASK;
}

/*
 * The slot of kernel pages goes back with the last of them. Two CPUs can both
 * find that theirs was the last (what an atomic operation gave is not to be had
 * before 5.12): the sample is there to be deleted for one of them only, and the
 * turn keeps the other off a slot that has been handed out again.
 */
static __noinline void kernel_drop(__u32 id, __u32 pages)
{
	struct mt_slot *slot = bpf_map_lookup_elem(&sample_slots, &id);
	struct mt_cpu *cpu = this_cpu();
	__u64 key;

	if (!slot || !cpu)
		return;
	key = mt_kernel_key(id, slot->turn);
	__sync_fetch_and_add(&slot->live, -(__s32)pages);
	if (slot->live <= 0 && !bpf_map_delete_elem(&kernel_samples, &key)) {
		bpf_map_push_elem(&free_kernel_slots, &id, BPF_ANY);
		mt_gap_freed(&cpu->kernel_gap);
	}
}

/* Pages with this entry are no longer what was sampled. */
static __always_inline void sample_drop(__u32 entry, __u32 pages)
{
	struct mt_slot *slot;

	if (!(entry & MT_SAMPLED))
		return;
	if (cfg.kernel_slots && (entry & MT_OWNER_MASK) >= cfg.first_kernel_slot) {
		kernel_drop(entry & MT_OWNER_MASK, pages);
		return;
	}
	slot = entry_slot(entry);
	if (slot)
		__sync_fetch_and_add(&slot->live, -(__s32)pages);
}

static __always_inline __u32 entry_class(__u32 entry)
{
	__u32 class = entry >> MT_CLASS_SHIFT & 7;

	return class < MT_CLASSES ? class : MT_KERNEL;
}

/*
 * Takes one page off the owner an entry names. A global function: the verifier
 * looks at it once and not at each of the up to 1024 turns of its callers.
 */
__noinline int live_drop(__u32 entry)
{
	struct mt_owner *o = owner_slot(entry_owner(entry));

	if (o)
		__sync_fetch_and_add(&o->live[entry_class(entry)], -1);
	sample_drop(entry, 1);
	return 0;
}

/*
 * The entries of a block of pages, aligned to its size: one chunk holds them.
 * `from` is for bodies that look at two blocks.
 */
struct block {
	struct mt_chunk *chunk, *from;
	__u64 index, from_index;
	__u32 entry, to;
	__u32 result;
};

static __always_inline __u32 *block_entry(struct block *b, __u32 i)
{
	return &b->chunk->entry[(b->index + i) & (MT_CHUNK - 1)];
}

/*
 * Runs body for each page of a block. bpf_loop() (5.17) is verified in a moment;
 * of a plain loop the verifier walks each of up to 1024 turns, which is why
 * blocks are handled in global functions, verified once and not for each state
 * of each caller, with one loop each that keeps no count in a register. Kernels
 * before 5.17 refuse a program that so much as names a callback: the sources
 * with blocks are built twice (NAME_old.bpf.c).
 */
static __always_inline void for_each_page(__u32 pages, long (*body)(__u32 i, struct block *b),
					  struct block *b)
{
#ifdef MT_PLAIN_LOOPS
	for (__u32 i = 0; i < MT_CHUNK; i++) {
		if (i >= pages)
			break;
		body(i, b);
	}
#else
	bpf_loop(pages, body, b, 0);
#endif
}

#define NS_PER_START_TICK 10000000 /* USER_HZ is 100 */

/* The tick is what user space knows of the start, so a pid that is used again within one is taken
 * for the same. */
static __always_inline __u32 target_flags(const struct mt_owner_key *key)
{
	struct mt_target *t = bpf_map_lookup_elem(&targets, &key->tgid);

	return t && t->start_ticks == key->start_ns / NS_PER_START_TICK ? t->flags : 0;
}

/* New owner for a process that has none yet; 0 is never returned. */
static __always_inline __u32 owner_create(struct mt_cpu *cpu, struct task_struct *leader,
					  struct mt_owner_key *key)
{
	struct task_struct *parent = BPF_CORE_READ(leader, real_parent, group_leader);
	struct mt_owner *o;
	__u32 id, *known;

	if (bpf_map_pop_elem(&free_ids, &id)) {
		cpu->count[MT_C_NO_OWNER_ID]++;
		return MT_OVERFLOW;
	}
	o = owner_slot(id);
	if (!o)
		return MT_OVERFLOW;
	if (cpu->max_owner < id)
		cpu->max_owner = id;
	o->start_ns = key->start_ns;
	o->exit_ns = 0;
	o->tgid = key->tgid;
	o->parent_tgid = BPF_CORE_READ(parent, tgid);
	o->parent_start_ns = BPF_CORE_READ(parent, start_boottime);
	o->flags = BPF_CORE_READ(leader, flags) & PF_KTHREAD ? MT_OWNER_KTHREAD : 0;
	BPF_CORE_READ_STR_INTO(&o->comm, leader, comm);
	o->flags |= target_flags(key);
	/* Two CPUs can meet here for one process (threads): the loser's id goes back. */
	if (bpf_map_update_elem(&owner_ids, key, &id, BPF_NOEXIST)) {
		o->tgid = 0;
		bpf_map_push_elem(&free_ids, &id, BPF_ANY);
		known = bpf_map_lookup_elem(&owner_ids, key);
		if (known)
			return *known;
		cpu->count[MT_C_NO_OWNER_ID]++;
		return MT_OVERFLOW;
	}
	return id;
}

static __noinline __u32 owner_find(struct mt_cpu *cpu, struct task_struct *leader)
{
	struct mt_owner_key key = {};
	__u32 *id;

	if (!cpu || !leader)
		return MT_OVERFLOW;
	key.start_ns = BPF_CORE_READ(leader, start_boottime);
	key.tgid = BPF_CORE_READ(leader, tgid);
	id = bpf_map_lookup_elem(&owner_ids, &key);
	return id ? *id : owner_create(cpu, leader, &key);
}

/* A pointer that has been to memory is a number to the verifier (which allows it
 * to those who may see kernel addresses, as tracing programs may). */
static __always_inline __u64 stack_number(struct mt_cpu *cpu, void *ctx)
{
	*(void *volatile *)&cpu->here = ctx;
	return *(volatile __u64 *)&cpu->here >> MT_STACK_SHIFT;
}

static __always_inline __u32 owner_flags(__u32 id)
{
	struct mt_owner *o = owner_slot(id);

	return o ? o->flags : 0;
}

static __noinline __u32 owner_of_task(struct mt_cpu *cpu, __u64 stack, __u64 n_exits)
{
	struct task_struct *task, *leader;
	__u32 tgid, flags;
	__u64 start_ns;

	if (!cpu)
		return MT_OVERFLOW;
	if (has_task_btf()) {
		task = bpf_get_current_task_btf();
		leader = task->group_leader;
		tgid = task->tgid;
		flags = task->flags;
		start_ns = leader->start_boottime;
	} else {
		task = (void *)bpf_get_current_task();
		leader = BPF_CORE_READ(task, group_leader);
		tgid = BPF_CORE_READ(task, tgid);
		flags = BPF_CORE_READ(task, flags);
		start_ns = BPF_CORE_READ(leader, start_boottime);
	}
	if (!tgid) /* the idle task takes pages in interrupts only */
		return MT_ASYNC;
	if (cpu->who.tgid != tgid || cpu->who.start_ns != start_ns) {
		cpu->who.owner = owner_find(cpu, leader);
		/* An overflow must be tried again: an id may have been recycled. */
		cpu->who.tgid = cpu->who.owner == MT_OVERFLOW ? 0 : tgid;
		cpu->who.start_ns = start_ns;
	}
	cpu->who.flags = owner_flags(cpu->who.owner);
	/* A thread that is ending has been counted, or is about to be: its stack may
	 * be another's before the count changes again. */
	cpu->who.stack = n_exits && cpu->who.tgid && !(flags & PF_EXITING) ? stack : 0;
	cpu->who.exits = n_exits;
	return cpu->who.owner;
}

/*
 * Owner of the process that runs here. Only page_alloc may call it: it alone
 * writes cpu->who. `own_stack`: this is no interrupt, whose stack names nobody.
 */
static __always_inline __u32 owner_current(struct mt_cpu *cpu, void *ctx, bool own_stack)
{
	__u64 stack = stack_number(cpu, ctx), *n = thread_exits();

	if (!n)
		return MT_OVERFLOW;
	if (cpu->who.stack == stack && cpu->who.exits == *n)
		return cpu->who.owner;
	return owner_of_task(cpu, own_stack ? stack : 0, *n);
}
