/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte-weighted random samples of what targets take: which block, and the
 * registers and stack that lead to it. Everything dear happens on a sample only.
 */
#pragma once

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
	s->interval = cpu->sample_interval;
	s->slot = slot;
	s->pages = pages;
	if (!sample_copy_stack(s, &size))
		return -1;
	return bpf_ringbuf_output(&sample_ring, s, sizeof(*s) + size,
				  wake_flags(&cpu->sample_wake_ns, s->time_ns));
}

/* A sample that cannot be kept leaves the block to its plain owner. Returns the entry. */
static __always_inline __u32 keep_sample(struct mt_cpu *cpu, __u32 owner, __u32 pages, __u32 entry)
{
	struct mt_slot *slot;
	__u32 id;

	if (bpf_map_pop_elem(&free_slots, &id)) {
		cpu->count[MT_C_SAMPLE_NO_SLOT]++;
		return entry;
	}
	slot = bpf_map_lookup_elem(&sample_slots, &id);
	if (!slot)
		return entry;
	slot->owner = owner;
	slot->pages = pages;
	slot->live = pages;
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

/* Bytes until the next sample, with the interval that user space wants now. */
static __always_inline bool draw_gap(struct mt_cpu *cpu)
{
	struct mt_sample_control *control;
	__u32 zero = 0;

	control = bpf_map_lookup_elem(&sample_control, &zero);
	cpu->sample_interval = control ? control->interval : 0;
	cpu->sample_left = cpu->sample_interval * random_exponential() >> 16;
	return cpu->sample_interval;
}

/* The gap is used up, or there is none yet: keeps the block as a sample, and draws the next gap. */
__noinline __u32 sample_due(__u32 owner, __u32 order, __u32 entry)
{
	struct mt_cpu *cpu = this_cpu();

	if (!cpu)
		return entry;
	if (!cpu->sample_interval) {
		if (!draw_gap(cpu))
			return entry;
		cpu->sample_left -= (__s64)cfg.page_bytes << order;
		if (cpu->sample_left > 0)
			return entry;
	}
	entry = keep_sample(cpu, owner, 1u << order, entry);
	draw_gap(cpu);
	return entry;
}

/*
 * The entry of a block that a user page allocation gave to `owner`. What an
 * interval was drawn with goes with the sample, so it can change at any time.
 */
static __always_inline __u32 sample_user(struct mt_cpu *cpu, __u32 owner, __u32 order, __u32 entry)
{
	struct mt_owner *o = owner_slot(owner);

	if (!o || !(o->flags & MT_OWNER_TARGET))
		return entry;
	cpu->sample_left -= (__s64)cfg.page_bytes << order;
	return cpu->sample_left > 0 ? entry : sample_due(owner, order, entry);
}
