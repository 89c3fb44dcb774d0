/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source "task": process lifecycle. Without it owners are still created at
 * their first page, but nobody tells when and how a process ended.
 */
#include "owner.bpf.h"
#include "rss.bpf.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline struct mt_owner *existing_owner(struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct mt_owner_key key = {
		.start_ns = BPF_CORE_READ(leader, start_boottime),
		.tgid = BPF_CORE_READ(task, tgid),
	};
	__u32 *id = bpf_map_lookup_elem(&owner_ids, &key);

	return id ? owner_slot(*id) : NULL;
}

SEC("raw_tp/sched_process_fork")
int task_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *parent = (void *)ctx->args[0], *child = (void *)ctx->args[1];
	struct mt_cpu *cpu = this_cpu();
	struct mt_owner *from, *o;

	/* A new thread belongs to its leader's owner. */
	if (!cpu || BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
		return 0;
	o = owner_slot(owner_find(cpu, child));
	from = cfg.stack_bytes ? existing_owner(parent) : NULL;
	if (o && from && from->flags & MT_OWNER_HEIRS)
		o->flags |= MT_OWNER_TARGET | MT_OWNER_HEIRS;
	return 0;
}

SEC("raw_tp/sched_process_exec")
int task_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct mt_owner *o = existing_owner(task);

	if (!o)
		return 0;
	o->flags |= MT_OWNER_EXECED;
	BPF_CORE_READ_STR_INTO(&o->comm, task, comm);
	return 0;
}

/* What it had when it ended: the address space is still there at this point, and
 * a process that lives for less than a sampling interval has no other witness. */
static __always_inline void note_exit_rss(struct mt_owner *o)
{
	struct mm_struct *mm;
	__s64 rss[4] = {};

	if (!has_task_btf())
		return;
	mm = bpf_get_current_task_btf()->mm; /* who ends is who runs */
	if (!mm || !rss_read(mm, rss, cfg.n_cpus))
		return;
	for (int i = 0; i < 4; i++)
		o->exit_rss[i] = rss[i] > 0 ? rss[i] : 0;
	o->flags |= MT_OWNER_EXIT_RSS;
}

SEC("raw_tp/sched_process_exit")
int task_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	__u64 *n = thread_exits();
	struct mt_owner *o;

	if (n && *n)
		__sync_fetch_and_add(n, 1);
	/* The count was taken down before the event: 0 says this was the last thread. */
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	o = existing_owner(task);
	if (!o)
		return 0;
	/* The last thread's own code: for exit_group and deadly signals all threads share it. */
	o->exit_code = BPF_CORE_READ(task, exit_code);
	note_exit_rss(o);
	o->exit_ns = bpf_ktime_get_boot_ns();
	return 0;
}
