/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The path to where a thread of a watched process is in user mode, by rules that
 * user space has read from the frame information of the code: one look-up a
 * frame. Where a rule is missing the stack goes to user space, which is so once
 * for each return address of a program.
 */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "memtrace_heap.h"

const volatile struct mt_config cfg SEC(".rodata.cfg");

#include "user_stack.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct mt_heap_path);
} heap_paths SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct mt_heap_at);
	__type(value, struct mt_heap_rule);
} heap_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} heap_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_heap_cpu);
} heap_cpu SEC(".maps");

static __always_inline void count(enum mt_heap_count which, __u64 by)
{
	struct mt_heap_cpu *cpu;
	__u32 zero = 0;

	cpu = bpf_map_lookup_elem(&heap_cpu, &zero);
	if (cpu)
		cpu->count[which] += by;
}

static __always_inline struct mt_heap_stack *reserve_stack(__u64 size)
{
	struct mt_heap_stack *s = bpf_ringbuf_reserve(&heap_ring, size, 0);

	if (!s)
		count(MT_HEAP_C_NO_PATH, 1);
	return s;
}

static __always_inline void describe_stack(struct mt_heap_stack *s, struct mt_heap_thread *t,
					   __u64 before, __u64 sp, __u64 bp)
{
	__u64 now = bpf_ktime_get_boot_ns(), id = bpf_get_current_pid_tgid();

	s->head.space = t->space;
	s->head.type = MT_HEAP_STACK;
	s->head.tgid = id >> 32;
	s->number = mt_heap_mix(mt_heap_mix(now, now >> 32), id) | MT_HEAP_PENDING;
	s->before = before;
	s->sp = sp;
	s->bp = bp;
	s->pad = 0;
	bpf_probe_read_kernel(&s->path, sizeof(s->path), &t->path);
}

/*
 * The walk stands before a return address without a rule. Returns the number of the record.
 *
 * A program that begins makes thousands of calls before it has been taught anything, from a stack
 * that is short still: in records of full size they would not find room.
 */
static __always_inline __u64 send_stack(struct mt_heap_thread *t, __u64 before, __u64 sp, __u64 bp)
{
	__u64 left = main_stack_left(sp), number;
	struct mt_heap_stack *s;

	if (left < MT_HEAP_SHORT_STACK) {
		s = reserve_stack(sizeof(*s) + MT_HEAP_SHORT_STACK);
		if (!s)
			return 0;
		barrier_var(left); /* the verifier must see the mask */
		left &= MT_HEAP_SHORT_STACK - 1;
		s->stack_bytes = bpf_probe_read_user(s->stack, left, (void *)sp) ? 0 : left;
	} else {
		s = reserve_stack(sizeof(*s) + cfg.stack_bytes + MT_STACK_SLACK);
		if (!s)
			return 0;
		s->stack_bytes = copy_stack(s->stack, sp);
	}
	describe_stack(s, t, before, sp, bp);
	number = s->number;
	bpf_ringbuf_submit(s, 0);
	return number;
}

static __always_inline __u64 keep_path(struct mt_heap_thread *t, __u64 hash, __u32 n, __u32 end)
{
	__u64 key = mt_heap_key(mt_heap_mix(hash, end));

	if (key == t->path_key || bpf_map_lookup_elem(&heap_paths, &key))
		return key;
	t->path.space = t->space;
	t->path.tgid = bpf_get_current_pid_tgid() >> 32;
	t->path.n = n;
	t->path.end = end;
	if (!bpf_map_update_elem(&heap_paths, &key, &t->path, BPF_ANY))
		return key;
	count(MT_HEAP_C_NO_ROOM, 1);
	return 0;
}

/* The rule of a return address; NULL: user space has not been asked for it yet. */
static __always_inline const struct mt_heap_rule *rule_of(struct mt_heap_thread *t, __u64 addr,
							  __u32 epoch)
{
	struct mt_heap_near *near = &t->near[(addr ^ addr >> 6) % MT_HEAP_NEAR];
	struct mt_heap_at at = {addr, t->space};
	struct mt_heap_rule *rule;

	if (near->addr == addr && near->rule.epoch == epoch)
		return &near->rule;
	rule = bpf_map_lookup_elem(&heap_rules, &at);
	if (!rule)
		return NULL;
	near->addr = addr;
	near->rule = *rule;
	near->rule.epoch = epoch;
	return &near->rule;
}

/* Two words of the stack. 0, or they cannot be read. */
static __always_inline long read_pair(struct mt_heap_thread *t, __u64 addr, __u64 word[2])
{
	__u64 i = (addr - t->window_at) / sizeof(__u64);

	if (addr % sizeof(__u64))
		return bpf_probe_read_user(word, 2 * sizeof(word[0]), (void *)addr);
	if (i >= MT_HEAP_WINDOW) {
		t->window_at = addr;
		i = 0;
		if (bpf_probe_read_user(t->window, sizeof(t->window), (void *)addr)) {
			/* Where a stack begins there is less. */
			t->window_at = 0;
			return bpf_probe_read_user(word, 2 * sizeof(word[0]), (void *)addr);
		}
	}
	i &= MT_HEAP_WINDOW - 1;
	word[0] = t->window[i];
	word[1] = t->window[i + 1];
	return 0;
}

/* Where a walk stands: before the frame that addr returns into. */
struct walking {
	struct mt_heap_thread *t;
	__u64 sp, bp, addr, hash;
	__u32 n, epoch, end;
	bool unknown; /* there is no rule of addr yet */
};

/* One frame. 1: the walk ends here. Counted by i, which the verifier takes for any number: what is
 * kept in w it would follow value by value. */
static long walk_frame(__u32 i, struct walking *w)
{
	struct mt_heap_thread *t = w->t;
	const struct mt_heap_rule *rule;
	__u64 word[2]; /* below the CFA: often the frame pointer, and the return address */
	__u64 cfa;
	__u32 n = i + 1;

	if (n >= MT_HEAP_DEPTH)
		return 1;
	t->path.ip[n] = w->addr;
	w->n = n + 1;
	w->hash = mt_heap_mix(w->hash, w->addr);
	rule = rule_of(t, w->addr, w->epoch);
	w->unknown = !rule;
	if (!rule)
		return 1;
	w->end = rule->kind;
	if (w->end >= MT_RULE_END)
		return 1;
	cfa = (w->end == MT_RULE_SP ? w->sp : w->bp) + (__s64)rule->cfa;
	w->end = MT_RULE_BROKEN;
	if (rule->kind == MT_RULE_BP_REF && bpf_probe_read_user(&cfa, sizeof(cfa), (void *)cfa))
		return 1;
	/* Stacks grow down: callers are above. */
	if (cfa <= w->sp || read_pair(t, cfa - sizeof(word), word))
		return 1;
	if (rule->bp == -2 * (__s32)sizeof(__u64))
		w->bp = word[0];
	else if (rule->bp &&
		 bpf_probe_read_user(&w->bp, sizeof(w->bp), (void *)cfa + (__s64)rule->bp))
		return 1;
	w->addr = word[1];
	w->sp = cfa;
	return 0;
}

static __always_inline void walk_frames(struct walking *w)
{
#ifdef MT_HEAP_SESSION
	/* 5.17: verified once, not once a frame. */
	bpf_loop(MT_HEAP_DEPTH, walk_frame, w, 0);
#else
	for (__u32 i = 0; i < MT_HEAP_DEPTH; i++)
		if (walk_frame(i, w))
			break;
#endif
}

/*
 * From the first instruction of an allocation function, where the return address is on top.
 * before: the path key of a call that was entered with the same stack pointer, 0: none.
 */
static __always_inline __u64 walk(const __u64 *regs, struct mt_heap_thread *t, __u32 epoch,
				  __u64 before)
{
	struct walking w = {
		.t = t,
		.sp = regs[MT_PT_REG_SP] + sizeof(__u64),
		.bp = regs[MT_PT_REG_BP],
		.n = 1,
		.epoch = epoch,
		.end = MT_RULE_BROKEN,
	};
	__u64 word[2];

	t->path.ip[0] = regs[MT_PT_REG_IP];
	w.hash = mt_heap_mix(t->space, t->path.ip[0]);
	t->window_at = 0;
	if (read_pair(t, regs[MT_PT_REG_SP], word))
		return keep_path(t, w.hash, w.n, w.end);
	w.addr = word[0];
	walk_frames(&w);
	if (w.unknown) {
		__u64 number;

		t->path.n = w.n;
		number = send_stack(t, before, w.sp, w.bp);
		/* No room: what was walked stands. */
		return number ?: keep_path(t, w.hash, w.n, MT_RULE_BROKEN);
	}
	if (w.end == MT_RULE_TAIL && w.n == 2)
		return before;
	return keep_path(t, w.hash, w.n, w.end);
}
