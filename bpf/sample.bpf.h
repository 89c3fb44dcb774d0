/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte-weighted random samples: of what targets take, which block, and the
 * registers and stack that lead to it; of what the kernel takes for itself, the
 * kernel's own stack. Everything dear happens on a sample only.
 */
#pragma once

#include "cgroup.bpf.h"
#include "kstack.bpf.h"
#include "owner.bpf.h"
#include "random.bpf.h"
#include "user_stack.bpf.h"

/* A stack: the lowest slots are handed out first. Filled by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 1);
	__type(value, __u32);
} free_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} sample_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_sample_control);
} sample_control SEC(".maps");

/* Records in the making, one a CPU: struct mt_sample with cfg.stack_bytes and MT_STACK_SLACK of
 * stack, for which user space sets the size. (No per-CPU map: their values end at 32 KiB.) */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct mt_sample));
} sample_scratch SEC(".maps");

static __always_inline struct mt_sample *this_scratch(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&sample_scratch, &cpu);
}

static __always_inline int send_sample(struct mt_cpu *cpu, __u32 slot, __u32 pages)
{
	struct mt_sample *s = this_scratch();
	__u32 size;

	if (!s)
		return -1;
	sample_of_current(s);
	s->interval = cpu->user_gap.interval;
	s->slot = slot;
	s->pages = pages;
	if (!sample_copy_stack(s, &size))
		return -1;
	return bpf_ringbuf_output(&sample_ring, s, sizeof(*s) + size,
				  wake_flags(&cpu->sample_wake_ns, s->time_ns));
}

/* A free slot for a block of `owner`'s; NULL: there is none. */
static __always_inline struct mt_slot *take_slot(void *slots, __u32 owner, __u32 pages,
						 __u32 *ret_id)
{
	struct mt_slot *slot;

	if (bpf_map_pop_elem(slots, ret_id))
		return NULL;
	slot = bpf_map_lookup_elem(&sample_slots, ret_id);
	if (!slot)
		return NULL;
	slot->owner = owner;
	slot->pages = pages;
	slot->live = pages;
	return slot;
}

/* A sample that cannot be kept leaves the block to its plain owner. Returns the entry. */
static __always_inline __u32 keep_sample(struct mt_cpu *cpu, __u32 owner, __u32 pages, __u32 entry)
{
	struct mt_slot *slot;
	__u32 id;

	slot = take_slot(&free_slots, owner, pages, &id);
	if (!slot) {
		cpu->count[MT_C_SAMPLE_NO_SLOT]++;
		return entry;
	}
	slot->ended = 0;
	/* Before the record is out: user space may look at once. */
	if (send_sample(cpu, id, pages)) {
		cpu->count[MT_C_SAMPLE_RING_FULL]++;
		slot->live = 0;
		bpf_map_push_elem(&free_slots, &id, BPF_ANY);
		return entry;
	}
	cpu->count[MT_C_SAMPLED]++;
	return id | MT_SAMPLED | (entry & ~MT_OWNER_MASK);
}

/* The gap is used up, or there is none yet: then one is drawn, and `bytes` taken off it. */
static __always_inline bool is_due(struct mt_gap *gap, __u64 interval, __s64 bytes)
{
	if (gap->interval)
		return true;
	draw_gap(gap, interval);
	gap->left -= bytes;
	return interval && gap->left <= 0;
}

static __always_inline struct mt_sample_control *sampling(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sample_control, &zero);
}

/* Keeps the block as a sample when it is due, and draws the next gap, with the interval that user
 * space wants now or a wider one. */
__noinline __u32 sample_due(__u32 owner, __u32 order, __u32 entry)
{
	struct mt_sample_control *control = sampling();
	struct mt_cpu *cpu = this_cpu();

	if (!cpu || !control ||
	    !is_due(&cpu->user_gap, control->interval, (__s64)cfg.page_bytes << order))
		return entry;
	entry = keep_sample(cpu, owner, 1u << order, entry);
	draw_gap(&cpu->user_gap,
		 mt_gap_next(&cpu->user_gap, control->interval, bpf_ktime_get_boot_ns()));
	return entry;
}

/*
 * The entry of a block that a user page allocation gave to `owner`, whom
 * owner_current() has just told. What an interval was drawn with goes with the
 * sample, so it can change at any time.
 */
static __always_inline __u32 sample_user(struct mt_cpu *cpu, __u32 owner, __u32 order, __u32 entry)
{
	if (!(cpu->who.flags & MT_OWNER_TARGET))
		return entry;
	cpu->user_gap.left -= (__s64)cfg.page_bytes << order;
	return cpu->user_gap.left > 0 ? entry : sample_due(owner, order, entry);
}

/* --- kernel pages: of everybody, with the kernel's stack --- */

/* The process' own; where an interrupt or a kernel thread took it for somebody, the charge tells
 * for whom. */
static __always_inline void note_cgroup(struct mt_kernel_sample *s, struct task_struct *task,
					__u64 page, bool is_async)
{
	struct cgroup *charged = compat_charged_cgroup(page);
	struct cgroup *cgroup = is_async ? charged : cgroup_of_task(task);

	if (charged && !is_async && BPF_CORE_READ(task, flags) & PF_KTHREAD)
		cgroup = charged;
	s->charged = charged && charged == cgroup;
	s->cgroup = cgroup_note(cgroup);
}

static __always_inline __u32 keep_kernel(struct mt_cpu *cpu, void *ctx, __u32 owner, __u32 pages,
					 __u32 entry)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mt_kernel_sample s = {.pages = pages, .interval = cpu->kernel_gap.interval};
	struct mt_slot *slot;
	__u64 key;
	__u32 id;

	slot = take_slot(&free_kernel_slots, owner, pages, &id);
	if (!slot) {
		cpu->count[MT_C_KERNEL_NO_SLOT]++;
		return entry;
	}
	slot->turn++;
	s.time_ns = bpf_ktime_get_boot_ns();
	if (owner != MT_ASYNC) {
		s.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
		s.tgid = BPF_CORE_READ(task, tgid);
		BPF_CORE_READ_STR_INTO(&s.comm, task, group_leader, comm);
	}
	note_cgroup(&s, task, ((struct bpf_raw_tracepoint_args *)ctx)->args[0], owner == MT_ASYNC);
	s.stack = kstack_note(ctx, owner == MT_ASYNC);
	if (!s.stack)
		cpu->count[MT_C_KERNEL_NO_STACK]++;
	key = mt_kernel_key(id, slot->turn);
	if (bpf_map_update_elem(&kernel_samples, &key, &s, BPF_ANY)) {
		cpu->count[MT_C_KERNEL_NO_SLOT]++;
		bpf_map_push_elem(&free_kernel_slots, &id, BPF_ANY);
		return entry;
	}
	cpu->count[MT_C_KERNEL_SAMPLED]++;
	return id | MT_SAMPLED | (entry & ~MT_OWNER_MASK);
}

static __noinline __u32 kernel_due(void *ctx, __u32 owner, __u32 order, __u32 entry)
{
	struct mt_sample_control *control = sampling();
	struct mt_cpu *cpu = this_cpu();

	if (!cpu || !control ||
	    !is_due(&cpu->kernel_gap, control->kernel_interval, (__s64)cfg.page_bytes << order))
		return entry;
	entry = keep_kernel(cpu, ctx, owner, 1u << order, entry);
	draw_gap(&cpu->kernel_gap,
		 mt_gap_next(&cpu->kernel_gap, control->kernel_interval, bpf_ktime_get_boot_ns()));
	return entry;
}

/* The entry of a block that the kernel took for itself, in `owner`'s name. */
static __always_inline __u32 sample_kernel(struct mt_cpu *cpu, void *ctx, __u32 owner, __u32 order,
					   __u32 entry)
{
	cpu->kernel_gap.left -= (__s64)cfg.page_bytes << order;
	return cpu->kernel_gap.left > 0 ? entry : kernel_due(ctx, owner, order, entry);
}
