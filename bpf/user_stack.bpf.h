/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers and stack of user mode, copied for unwinding in user space. The includer has cfg. */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "memtrace.h"

/* Bytes from sp to where the main thread's stack began: callers end there, and arguments and
 * environment follow. Of other stacks it is not known, and a great number. */
static __always_inline __u64 main_stack_left(__u64 sp)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, mm, start_stack) - sp;
}

/* As much as there is, page by page: the stack may end before the copy is full, and a read past
 * its end gives nothing at all. Of a main thread's no page beyond where it began: cut to the byte,
 * the 5.10 verifier loses its bounds. Does not fault pages in. `to` has room for cfg.stack_bytes
 * and MT_STACK_SLACK. */
static __always_inline __u32 copy_stack(__u8 *to, __u64 sp)
{
	__u64 left = main_stack_left(sp);
	__u32 done = 0;

	for (__u32 i = 0; i <= MT_STACK_MAX / 4096; i++) {
		__u32 n = 4096 - (sp & 4095);

		if (done >= cfg.stack_bytes || done >= left)
			break;
		if (n > cfg.stack_bytes - done)
			n = cfg.stack_bytes - done;
		if (bpf_probe_read_user(&to[done & (cfg.stack_bytes - 1)], n & (MT_STACK_SLACK - 1),
					(void *)sp))
			break;
		done += n;
		sp += n;
	}
	return done;
}

/* Where user mode was left: bpf_task_pt_regs() is 5.15, and finds them here. */
static __always_inline void *user_regs(void)
{
	struct task_struct *task;
	__u64 size = 16384;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	task = (void *)bpf_get_current_task();
	if (bpf_core_type_exists(union thread_union))
		size = bpf_core_type_size(union thread_union);
	return BPF_CORE_READ(task, stack) + size - MT_PT_REGS * sizeof(__u64);
}

/* Who takes it and when; without registers and stack. */
static __always_inline void sample_of_current(struct mt_sample *s)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	s->time_ns = bpf_ktime_get_boot_ns();
	s->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	s->tgid = bpf_get_current_pid_tgid() >> 32;
	s->tid = bpf_get_current_pid_tgid();
	s->exec_id = BPF_CORE_READ(task, self_exec_id);
	s->stack_bytes = 0;
}

#ifdef __TARGET_ARCH_x86
/* Allocators call each other; more are other tools'. */
#define RETURNS_MAX 8

static __always_inline bool knows_returns(struct task_struct *task, struct return_instance *call,
					  struct xol_area *area)
{
	return bpf_core_field_exists(task->utask) &&
	       bpf_core_field_exists(task->utask->return_instances) &&
	       bpf_core_field_exists(call->stack) && bpf_core_field_exists(call->orig_ret_vaddr) &&
	       bpf_core_field_exists(call->next) &&
	       bpf_core_field_exists(task->mm->uprobes_state.xol_area) &&
	       bpf_core_field_exists(area->vaddr);
}

/* Where a function's return is watched (uretprobes, ours of --heap among them) the kernel has put
 * an address of its own on the stack: the callers' are put back into the copy. A call that was left
 * by longjmp() is known to the kernel for some time, and its place holds something else. */
static __always_inline void restore_returns(struct mt_sample *s, __u32 size)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct return_instance *call = NULL;
	struct uprobe_task *watched;
	__u64 kernels;

	if (!knows_returns(task, call, NULL))
		return;
	watched = BPF_CORE_READ(task, utask);
	if (!watched)
		return;
	kernels = BPF_CORE_READ(task, mm, uprobes_state.xol_area, vaddr);
	call = BPF_CORE_READ(watched, return_instances);
	for (int i = 0; call && i < RETURNS_MAX; i++) {
		__u64 at = BPF_CORE_READ(call, stack) - s->regs[MT_PT_REG_SP];
		__u64 *word = (void *)&s->stack[at & (cfg.stack_bytes - 1) & ~7ULL];

		if (at < size && !(at & 7) && *word == kernels)
			*word = BPF_CORE_READ(call, orig_ret_vaddr);
		call = BPF_CORE_READ(call, next);
	}
}
#else
/* The return address is in a register when a function is entered: where it was stored is not known
 * to the kernel. */
static __always_inline void restore_returns(struct mt_sample *s, __u32 size)
{
}
#endif

/* Bytes of stack that were copied, in s->stack_bytes as well. */
static __always_inline bool sample_copy_stack(struct mt_sample *s, __u32 *ret_size)
{
	__u32 size;

	if (bpf_probe_read_kernel(s->regs, MT_PT_REGS * sizeof(__u64), user_regs()))
		return false;
	size = s->stack_bytes = copy_stack(s->stack, s->regs[MT_PT_REG_SP]);
	if (size > cfg.stack_bytes)
		size = cfg.stack_bytes;
	restore_returns(s, size);
	*ret_size = size;
	return true;
}

/* A wake-up is an interrupt, dearer than all else a sample costs: one in WAKE_NS and CPU. Who was
 * woken looks again by itself soon after. */
#define WAKE_NS 10000000

static __always_inline __u64 wake_flags(__u64 *last_ns, __u64 now_ns)
{
	if (now_ns - *last_ns < WAKE_NS)
		return BPF_RB_NO_WAKEUP;
	*last_ns = now_ns;
	return 0;
}
