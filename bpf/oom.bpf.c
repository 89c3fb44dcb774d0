/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source "oom": whom the OOM killer chose, and who asked for the memory that
 * was not there. The kernel's log has the former too, for those who may read it.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "memtrace.h"

char LICENSE[] SEC("license") = "GPL";

/* Read by user space through a mapping: it costs no call when nothing happened. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_oom_log);
} oom_log SEC(".maps");

static __always_inline void note_victim(struct mt_oom *k, struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	k->tid = BPF_CORE_READ(task, pid);
	k->tgid = BPF_CORE_READ(task, tgid);
	k->start_ns = BPF_CORE_READ(leader, start_boottime);
	BPF_CORE_READ_STR_INTO(&k->comm, task, comm);
}

/*
 * mark_victim(int pid), or (task, uid) from 6.8 and in stable kernels since: the
 * highest pid is 2^22, and no pointer is that small. Called under oom_lock: one
 * at a time.
 */
SEC("raw_tp/mark_victim")
int oom_mark_victim(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *current = (void *)bpf_get_current_task();
	__u64 victim = ctx->args[0];
	struct mt_oom_log *log;
	struct mt_oom *k;
	__u32 zero = 0;

	log = bpf_map_lookup_elem(&oom_log, &zero);
	if (!log)
		return 0;
	k = &log->kill[log->n & (MT_OOM_KILLS - 1)];
	__builtin_memset(k, 0, sizeof(*k));
	k->time_ns = bpf_ktime_get_boot_ns();
	k->asker_tgid = BPF_CORE_READ(current, tgid);
	BPF_CORE_READ_STR_INTO(&k->asker_comm, current, comm);
	if (victim > MT_PID_MAX)
		note_victim(k, (void *)victim);
	else if ((pid_t)victim == BPF_CORE_READ(current, pid))
		note_victim(k, current);
	else
		k->tid = victim;
	/* What is counted is complete. */
	__sync_fetch_and_add(&log->n, 1);
	return 0;
}
