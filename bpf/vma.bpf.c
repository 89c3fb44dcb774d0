/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source "vma": what targets map and unmap, and from where. Attached only while
 * somebody is watched: a tracepoint of one system call makes every system call
 * of the machine take the slow way. Which mapping a range belongs to is user
 * space's to say: here a call is only written down, with its stack where that
 * is wanted. Begin and return both, as what a call takes away is free for
 * others before it returns.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "memtrace.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct mt_config cfg SEC(".rodata.cfg") = {};

#include "random.bpf.h"
#include "user_stack.bpf.h"

/* uapi: mman.h */
#define MAP_HUGETLB 0x40000
#define MREMAP_DONTUNMAP 4
#define MAX_ERRNO 4095

#define NS_PER_START_TICK 10000000 /* USER_HZ is 100 */

/* Layout of the tracepoints syscalls:sys_enter_* and sys_exit_*, the same on all kernels. */
struct call_enter {
	__u64 common;
	__u64 nr;
	__u64 arg[6];
};

struct call_exit {
	__u64 common;
	__u64 nr;
	__s64 ret;
};

/* Written by user space, and here for who is forked. Key: tgid. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_target);
} vma_targets SEC(".maps");

/* Key: tid. Who is killed in a call leaves one behind, hence LRU. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 2048);
	__type(key, __u32);
	__type(value, struct mt_vma_call);
} vma_calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} vma_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_vma_cpu);
} vma_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_vma_control);
} vma_control SEC(".maps");

/* Records in the making, one a CPU: struct mt_vma with cfg.stack_bytes and MT_STACK_SLACK of
 * stack, for which user space sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct mt_vma));
} vma_scratch SEC(".maps");

static __always_inline struct mt_vma_cpu *this_vma_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&vma_cpu, &zero);
}

/* The record of this CPU: emptied, and with what every kind has. */
static __always_inline struct mt_vma *record_begin(__u32 kind, struct task_struct *task)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct mt_vma *v = bpf_map_lookup_elem(&vma_scratch, &cpu);

	if (!v)
		return NULL;
	__builtin_memset(v, 0, __builtin_offsetof(struct mt_vma, at));
	sample_of_current(&v->at);
	bpf_get_current_comm(&v->comm, sizeof(v->comm));
	v->kind = kind;
	v->mm = (__u64)BPF_CORE_READ(task, mm);
	return v;
}

#define BARE_BYTES                                                                                 \
	(__builtin_offsetof(struct mt_vma, at) + __builtin_offsetof(struct mt_sample, regs))

static __always_inline void send_bare(struct mt_vma_cpu *cpu, struct mt_vma *v)
{
	v->at.stack_bytes = 0;
	v->flags &= ~MT_VMA_STACK;
	if (bpf_ringbuf_output(&vma_ring, v, BARE_BYTES, wake_flags(&cpu->wake_ns, v->at.time_ns)))
		cpu->count[MT_VMA_LOST]++;
}

static __always_inline void send_with_stack(struct mt_vma_cpu *cpu, struct mt_vma *v)
{
	__u32 size;

	v->flags |= MT_VMA_STACK;
	if (sample_copy_stack(&v->at, &size) &&
	    !bpf_ringbuf_output(&vma_ring, v, sizeof(*v) + size,
				wake_flags(&cpu->wake_ns, v->at.time_ns)))
		return;
	/* Better known without a name than not known. */
	cpu->count[MT_VMA_NO_STACK]++;
	send_bare(cpu, v);
}

/* Bytes between two samples, as user space wants it now; 0: takes every one. */
static __always_inline __u64 wanted_interval(void)
{
	struct mt_vma_control *control;
	__u32 zero = 0;

	control = bpf_map_lookup_elem(&vma_control, &zero);
	return control ? control->interval : 0;
}

/* Whether a call that adds so many bytes is in the sample. */
static __always_inline bool is_taken(struct mt_vma_cpu *cpu, struct mt_vma *v, __u64 bytes)
{
	v->at.interval = cpu->gap.interval;
	cpu->gap.left -= bytes;
	if (cpu->gap.left > 0) {
		v->flags |= MT_VMA_NOT_TAKEN;
		return false;
	}
	draw_gap(&cpu->gap, wanted_interval());
	return true;
}

static __always_inline bool is_watched(__u32 tgid)
{
	struct mt_vma_control *control;
	__u32 zero = 0;

	if (!bpf_map_lookup_elem(&vma_targets, &tgid))
		return false;
	control = bpf_map_lookup_elem(&vma_control, &zero);
	return control && !control->paused;
}

static __always_inline int begin(__u32 kind, __u64 addr, __u64 len, __u64 new_len, __u64 flags)
{
	__u32 tid = bpf_get_current_pid_tgid(), tgid = bpf_get_current_pid_tgid() >> 32;
	struct mt_vma_call call = {
		.kind = kind,
		.addr = addr,
		.len = len,
		.new_len = new_len,
		.flags = flags,
	};
	struct task_struct *task;

	if (!is_watched(tgid))
		return 0;
	call.enter_ns = bpf_ktime_get_boot_ns();
	if (kind == MT_VMA_BRK) {
		task = (void *)bpf_get_current_task();
		call.addr = BPF_CORE_READ(task, mm, brk);
	}
	bpf_map_update_elem(&vma_calls, &tid, &call, BPF_ANY);
	return 0;
}

/* One for each call: the kernel refuses a program that reads more arguments than it has. */
SEC("tp")
int vma_enter_mmap(struct call_enter *ctx)
{
	return begin(MT_VMA_MAP, ctx->arg[0], ctx->arg[1], 0, ctx->arg[3]);
}

SEC("tp")
int vma_enter_munmap(struct call_enter *ctx)
{
	return begin(MT_VMA_UNMAP, ctx->arg[0], ctx->arg[1], 0, 0);
}

SEC("tp")
int vma_enter_mremap(struct call_enter *ctx)
{
	return begin(MT_VMA_MOVE, ctx->arg[0], ctx->arg[1], ctx->arg[2], ctx->arg[3]);
}

SEC("tp")
int vma_enter_brk(struct call_enter *ctx)
{
	return begin(MT_VMA_BRK, 0, 0, 0, 0);
}

/* What the call did; the bytes it added, 0: none. */
static __always_inline __u64 describe(struct mt_vma *v, const struct mt_vma_call *call, __u64 ret)
{
	v->enter_ns = call->enter_ns;
	v->addr = ret;
	v->old_addr = call->addr;
	v->old_len = call->len;
	switch (v->kind) {
	case MT_VMA_MAP:
		v->len = call->len;
		v->flags = call->flags & MAP_HUGETLB ? MT_VMA_HUGETLB : 0;
		return v->len;
	case MT_VMA_MOVE:
		v->len = call->new_len;
		v->flags = call->flags & MREMAP_DONTUNMAP ? MT_VMA_KEEP_OLD : 0;
		if (v->flags & MT_VMA_KEEP_OLD)
			return v->len;
		return v->len > v->old_len ? v->len - v->old_len : 0;
	case MT_VMA_BRK:
		return ret > v->old_addr ? ret - v->old_addr : 0;
	}
	return 0;
}

static __always_inline void note_call(struct mt_vma_cpu *cpu, const struct mt_vma_call *call,
				      __u64 ret)
{
	__u64 added;
	struct mt_vma *v;

	/* Failed; or the end of the heap was only asked for, or stayed. */
	if (ret >= (__u64)-MAX_ERRNO || (call->kind == MT_VMA_BRK && ret == call->addr))
		return;
	v = record_begin(call->kind, (void *)bpf_get_current_task());
	if (!v)
		return;
	added = describe(v, call, ret);
	if (added && is_taken(cpu, v, added))
		send_with_stack(cpu, v);
	else
		send_bare(cpu, v);
}

SEC("tp")
int vma_exit(struct call_exit *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid(), tgid = bpf_get_current_pid_tgid() >> 32;
	struct mt_vma_cpu *cpu = this_vma_cpu();
	struct mt_vma_call *call;

	if (!cpu)
		return 0;
	call = bpf_map_lookup_elem(&vma_calls, &tid);
	if (call) {
		note_call(cpu, call, ctx->ret);
		bpf_map_delete_elem(&vma_calls, &tid);
	} else if (is_watched(tgid)) {
		cpu->count[MT_VMA_MISSED]++;
	}
	return 0;
}

SEC("raw_tp/sched_process_fork")
int vma_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *parent = (void *)ctx->args[0], *child = (void *)ctx->args[1];
	struct task_struct *leader = BPF_CORE_READ(child, group_leader);
	__u32 tgid = BPF_CORE_READ(parent, tgid), child_tgid = BPF_CORE_READ(child, tgid);
	struct mt_vma_cpu *cpu = this_vma_cpu();
	struct mt_target *t, heir = {};
	struct mt_vma *v;

	if (child_tgid == tgid || !cpu)
		return 0;
	t = bpf_map_lookup_elem(&vma_targets, &tgid);
	if (!t)
		return 0;
	v = record_begin(MT_VMA_FORK, parent);
	if (!v)
		return 0;
	v->child_tgid = child_tgid;
	v->child_start_ns = BPF_CORE_READ(leader, start_boottime);
	v->child_mm = (__u64)BPF_CORE_READ(child, mm);
	if (t->flags & MT_OWNER_HEIRS) {
		heir.start_ticks = v->child_start_ns / NS_PER_START_TICK;
		heir.flags = t->flags;
		bpf_map_update_elem(&vma_targets, &child_tgid, &heir, BPF_ANY);
	}
	send_bare(cpu, v);
	return 0;
}

static __always_inline void send_life(struct task_struct *task, __u32 kind)
{
	__u32 tgid = BPF_CORE_READ(task, tgid);
	struct mt_vma_cpu *cpu = this_vma_cpu();
	struct mt_vma *v;

	if (!cpu || !bpf_map_lookup_elem(&vma_targets, &tgid))
		return;
	v = record_begin(kind, task);
	if (!v)
		return;
	send_bare(cpu, v);
	if (kind == MT_VMA_EXIT)
		bpf_map_delete_elem(&vma_targets, &tgid);
}

SEC("raw_tp/sched_process_exec")
int vma_exec(struct bpf_raw_tracepoint_args *ctx)
{
	send_life((void *)ctx->args[0], MT_VMA_EXEC);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int vma_exit_process(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];

	/* 0: this was the last thread. */
	if (!BPF_CORE_READ(task, signal, live.counter))
		send_life(task, MT_VMA_EXIT);
	return 0;
}
