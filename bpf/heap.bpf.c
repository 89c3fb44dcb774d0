/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source "heap": every block that heap allocators hand to watched processes,
 * from its allocation to its free, with the path that asked for it. Probes are
 * attached process by process, on instructions that the kernel can emulate.
 *
 * Paths are walked here, by rules that user space has read from the frame
 * information of the code: one look-up a frame. Where a rule is missing the
 * stack goes to user space, once for each return address of the program.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "compat.bpf.h"
#include "heap_guess.bpf.h"
#include "heap_table.bpf.h"
#include "heap_walk.bpf.h"
#include "random.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Sized by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_heap_thread);
} heap_threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct mt_heap_proc);
} heap_procs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_heap_control);
} heap_control SEC(".maps");

/* What a new thread starts with: too large for the stack of a program. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_heap_thread);
} heap_blank SEC(".maps");

/* Always empty. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} heap_nowhere SEC(".maps");

/*
 * From 6.13 on a tracing program with 64 bytes of stack or more gets a stack of
 * its own, one a CPU (bpf_enable_priv_stack()). Those of kprobes are not
 * re-entered on their CPU; of uprobes nobody sees to that, and they may be
 * preempted: under 7.2 a pointer on it was overwritten (an oops), blocks were
 * lost. A program with a tail call has none; that this one is never made the
 * verifier sees only after it has looked for them.
 */
static __always_inline void use_the_threads_stack(void *ctx)
{
	if (!cfg.page_bytes)
		bpf_tail_call(ctx, &heap_nowhere, 0);
}

/* --- allocations --- */

/* What an entry returns decides whether there is a return, in a session; elsewhere nothing. */
#define RETURN_WANTED 0
#define RETURN_SKIPPED 1

static __always_inline struct mt_heap_thread *known_thread(void)
{
	__u32 tid = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&heap_threads, &tid);
}

static __always_inline struct mt_heap_thread *new_thread(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32, tid = bpf_get_current_pid_tgid(), zero = 0;
	struct mt_heap_thread *t = NULL, *blank;
	struct mt_heap_proc *p = bpf_map_lookup_elem(&heap_procs, &tgid);

	if (!p)
		return NULL;
	blank = bpf_map_lookup_elem(&heap_blank, &zero);
	if (blank && !bpf_map_update_elem(&heap_threads, &tid, blank, BPF_ANY))
		t = bpf_map_lookup_elem(&heap_threads, &tid);
	if (t)
		t->space = p->space;
	else
		count(MT_HEAP_C_NO_THREAD, 1);
	return t;
}

/* NULL: not of a watched process. What is known of a thread is of the program that its process
 * executes now: an exec and its end take it away. */
static __always_inline struct mt_heap_thread *this_thread(void)
{
	return known_thread() ?: new_thread();
}

static __always_inline bool draw(struct mt_heap_thread *t, __u64 interval, __u64 size)
{
	if (!interval)
		return true;
	if (t->started) {
		t->left -= size;
		if (t->left > 0)
			return false;
	}
	t->left = interval * random_exponential() >> 16;
	if (t->started)
		return true;
	/* The first gap of a thread begins before this block. */
	t->started = 1;
	t->left -= size;
	if (t->left > 0)
		return false;
	t->left = interval * random_exponential() >> 16;
	return true;
}

/* The block leaves the table now: once it is freed, another thread may get its address. */
static __always_inline void take_old(struct mt_heap_thread *t, __u64 addr)
{
	struct mt_heap_at at = {addr, t->space};

	t->had_old = addr && take_block(&at, &t->old);
	t->old_addr = addr;
}

/* NULL: its return is of no interest. */
static __always_inline struct mt_heap_thread *enter(void *ctx, enum mt_heap_kind kind, bool is_leaf,
						    __u64 size)
{
	struct mt_heap_thread *t = this_thread();
	const struct mt_heap_control *control;
	const __u64 *regs = ctx;
	__u64 before = 0;
	__u32 zero = 0;

	control = bpf_map_lookup_elem(&heap_control, &zero);
	if (!t || !control)
		return NULL;
	/* Within a call, deeper on the stack: an allocator that uses another function of its
	 * own. A call left by a jump is found by its place, which is not above ours. */
	if (t->sp > regs[MT_PT_REG_SP])
		return NULL;
	if (t->sp == regs[MT_PT_REG_SP])
		before = t->path_key;
	t->keep = draw(t, control->interval, size);
	t->sp = 0;
	if (!t->keep && is_leaf)
		return NULL;
	t->sp = regs[MT_PT_REG_SP];
	t->kind = kind;
	t->size = size;
	t->had_old = 0;
	if (t->keep)
		t->path_key = walk(regs, t, control->epoch, before);
	return t;
}

static __always_inline void keep_block(struct mt_heap_thread *t, __u64 addr)
{
	struct mt_heap_at at = {addr, t->space};
	struct mt_heap_block b = {t->path_key, t->size, bpf_ktime_get_boot_ns()};

	count(MT_HEAP_C_ALLOCS, 1);
	put_block(&at, &b);
}

/* The address a call returned; 0: it failed. */
static __always_inline __u64 result_of(const __u64 *regs, const struct mt_heap_thread *t)
{
	__u64 addr = regs[MT_PT_REG_RESULT];

	if (t->kind != MT_HEAP_POSIX)
		return addr;
	if ((__u32)addr || bpf_probe_read_user(&addr, sizeof(addr), (void *)t->result))
		return 0;
	return addr;
}

/* An allocation function has returned. */
static __always_inline int leave(void *ctx)
{
	const __u64 *regs = ctx;
	struct mt_heap_thread *t;
	__u64 addr;

	use_the_threads_stack(ctx);
	t = known_thread();
	/* The return address has been taken off the stack. */
	if (!t || t->sp + sizeof(__u64) != regs[MT_PT_REG_SP])
		return 0;
	t->sp = 0;
	addr = result_of(regs, t);
	check_guess(t, addr);
	if (addr && t->keep) {
		keep_block(t, addr);
	} else if (!addr && t->had_old && t->size) {
		/* It failed, and the old block is still there. A size of 0 has freed it. */
		struct mt_heap_at at = {t->old_addr, t->space};

		put_block(&at, &t->old);
	}
	return 0;
}

#define REG_IP (((const __u64 *)ctx)[MT_PT_REG_IP])
#define ARG(n) (((const __u64 *)ctx)[MT_PT_REG_ARG##n])

/* Bytes that are asked for. An overflow fails, and is not looked at again. */
static __always_inline __u64 size_of(void *ctx, enum mt_heap_kind kind)
{
	switch (kind) {
	case MT_HEAP_CALLOC:
		return ARG(1) * ARG(2);
	case MT_HEAP_ALIGNED:
	case MT_HEAP_REALLOC:
		return ARG(2);
	case MT_HEAP_POSIX:
		return ARG(3);
	case MT_HEAP_REALLOC_N:
		return ARG(2) * ARG(3);
	default:
		return ARG(1);
	}
}

static __always_inline int call(void *ctx, enum mt_heap_kind kind, bool is_leaf)
{
	struct mt_heap_thread *t;

	use_the_threads_stack(ctx);
	t = enter(ctx, kind, is_leaf, size_of(ctx, kind));
	if (!t)
		return RETURN_SKIPPED;
	if (kind == MT_HEAP_POSIX)
		t->result = ARG(1);
	else if (kind == MT_HEAP_REALLOC || kind == MT_HEAP_REALLOC_N)
		take_old(t, ARG(1));
	/* glibc's malloc, and a block that is kept */
	t->guess = kind == MT_HEAP_MALLOC && is_leaf ? guess_block(t, REG_IP, t->size) : 0;
	if (!believe_guess(t))
		return RETURN_WANTED;
	t->sp = 0;
	keep_block(t, t->guess);
	return RETURN_SKIPPED;
}

static __always_inline int call_free(void *ctx)
{
	struct mt_heap_at at = {.addr = ARG(1)};
	struct mt_heap_thread *t;

	use_the_threads_stack(ctx);
	if (!at.addr)
		return RETURN_SKIPPED;
	t = this_thread();
	if (!t)
		return RETURN_SKIPPED;
	at.space = t->space;
	take_block(&at, NULL);
	return RETURN_SKIPPED;
}

#ifdef MT_HEAP_SESSION
extern bool bpf_session_is_return(void) __ksym;

/* One program for all functions, their entry and their return: a file's probes are one link, which
 * is put in place and taken away at once. */
SEC("uprobe")
int heap_call(void *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	enum mt_heap_kind kind = cookie & MT_HEAP_COOKIE_KIND;

	if (cookie & MT_HEAP_COOKIE_TRIAL)
		return RETURN_WANTED;
	if (kind == MT_HEAP_FREE)
		return call_free(ctx);
	return bpf_session_is_return() ? leave(ctx) : call(ctx, kind, cookie & MT_HEAP_COOKIE_LEAF);
}
#else
SEC("uprobe")
int heap_malloc(void *ctx)
{
	return call(ctx, MT_HEAP_MALLOC, false);
}

SEC("uprobe")
int heap_calloc(void *ctx)
{
	return call(ctx, MT_HEAP_CALLOC, false);
}

SEC("uprobe")
int heap_aligned(void *ctx)
{
	return call(ctx, MT_HEAP_ALIGNED, false);
}

SEC("uprobe")
int heap_posix(void *ctx)
{
	return call(ctx, MT_HEAP_POSIX, false);
}

SEC("uprobe")
int heap_realloc(void *ctx)
{
	return call(ctx, MT_HEAP_REALLOC, false);
}

SEC("uprobe")
int heap_realloc_n(void *ctx)
{
	return call(ctx, MT_HEAP_REALLOC_N, false);
}

SEC("uprobe")
int heap_free(void *ctx)
{
	return call_free(ctx);
}

SEC("uretprobe")
int heap_return(void *ctx)
{
	return leave(ctx);
}
#endif

/* --- processes --- */

static __always_inline __u64 new_space(__u32 tgid)
{
	return bpf_ktime_get_boot_ns() << 22 | tgid; /* a tgid has 22 bits */
}

static __always_inline void tell(enum mt_heap_record type, __u32 tgid, __u64 space)
{
	struct mt_heap_event e = {.type = type, .tgid = tgid, .space = space};

	if (bpf_ringbuf_output(&heap_ring, &e, sizeof(e), 0))
		count(MT_HEAP_C_NO_EVENT, 1);
}

SEC("raw_tp/sched_process_fork")
int heap_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *parent = (void *)ctx->args[0], *child = (void *)ctx->args[1];
	__u32 tgid = BPF_CORE_READ(parent, tgid), new = BPF_CORE_READ(child, tgid);
	__u32 tid = BPF_CORE_READ(child, pid);
	struct mt_heap_proc *p = bpf_map_lookup_elem(&heap_procs, &tgid), own = {};

	if (!p || !p->heirs || tid != new)
		return 0;
	own.heirs = 1;
	/* vfork: until it executes something it works on its parent's heap. */
	own.space =
		BPF_CORE_READ(child, mm) == BPF_CORE_READ(parent, mm) ? p->space : new_space(new);
	if (bpf_map_update_elem(&heap_procs, &new, &own, BPF_ANY))
		count(MT_HEAP_C_NO_PROC, 1);
	else
		tell(MT_HEAP_FORK, new, own.space);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int heap_exec(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32, before = ctx->args[1];
	struct mt_heap_proc *p = bpf_map_lookup_elem(&heap_procs, &tgid);

	if (!p)
		return 0;
	/* Who executes has the leader's number from here on. */
	bpf_map_delete_elem(&heap_threads, &before);
	bpf_map_delete_elem(&heap_threads, &tgid);
	p->space = new_space(tgid);
	tell(MT_HEAP_EXEC, tgid, p->space);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int heap_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	__u32 tid = BPF_CORE_READ(task, pid), tgid = BPF_CORE_READ(task, tgid);
	struct mt_heap_proc *p;

	/* First: another thread that ends now may already have taken the process away. */
	bpf_map_delete_elem(&heap_threads, &tid);
	p = bpf_map_lookup_elem(&heap_procs, &tgid);
	if (!p)
		return 0;
	/* The count was taken down before the event: 0 says this was the last thread. */
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	tell(MT_HEAP_EXIT, tgid, p->space);
	bpf_map_delete_elem(&heap_procs, &tgid);
	return 0;
}
