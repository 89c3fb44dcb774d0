/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source "task_iter": one binary record a process, in one read.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "compat.bpf.h"
#include "memtrace.h"
#include "rss.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct mt_config cfg SEC(".rodata.cfg") = {};

/* Open file descriptors are bits set in fdt->open_fds. Words read at most:
 * 65,536 descriptors; of a larger table the count is unknown. */
#define FD_WORDS 16
#define FD_BLOCKS 64

static __always_inline __u32 popcount64(__u64 x)
{
	x -= x >> 1 & 0x5555555555555555ULL;
	x = (x & 0x3333333333333333ULL) + (x >> 2 & 0x3333333333333333ULL);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return x * 0x0101010101010101ULL >> 56;
}

/* Bits set in sixteen words; -1 when they cannot be read. A global function, so
 * that the verifier looks at it once. */
__noinline int count_bits(__u64 words, __u32 n_words)
{
	__u64 word[FD_WORDS] = {};
	int n = 0;

	if (n_words > FD_WORDS)
		n_words = FD_WORDS;
	if (bpf_probe_read_kernel(word, n_words * sizeof(word[0]), (void *)words))
		return -1;
	for (int i = 0; i < FD_WORDS; i++)
		n += popcount64(word[i]);
	return n;
}

static __always_inline int count_fds(__u64 words, __u32 n_words)
{
	int sum = 0;

	for (__u32 block = 0; block < FD_BLOCKS; block++) {
		int n;

		if (block * FD_WORDS >= n_words)
			break;
		n = count_bits(words + block * FD_WORDS * sizeof(__u64),
			       n_words - block * FD_WORDS);
		if (n < 0)
			return -1;
		sum += n;
	}
	return sum;
}

static __always_inline void read_fds(const struct task_struct *task, struct mt_task *t)
{
	struct files_struct *files = task->files;
	struct fdtable *fdt;
	__u32 n_words;
	int n;

	if (!files)
		return;
	fdt = files->fdt;
	if (!fdt)
		return;
	n_words = fdt->max_fds / 64;
	if (n_words > FD_BLOCKS * FD_WORDS)
		return;
	/* Read, not loaded: the words are reached through it as through a number. */
	n = count_fds((__u64)BPF_CORE_READ(fdt, open_fds), n_words);
	if (n < 0)
		return;
	t->n_fds = n;
	t->known |= MT_TASK_FDS;
}

static __always_inline void read_mm(struct mm_struct *mm, struct mt_task *t)
{
	if (!rss_read(mm, t->rss, cfg.n_cpus))
		t->known |= MT_TASK_RSS_APPROX;
	t->total_vm = mm->total_vm;
	t->heap_bytes = mm->brk - mm->start_brk;
	t->page_table_bytes = mm->pgtables_bytes.counter;
	t->known |= MT_TASK_MM;
}

/*
 * One record a process, of its first thread. When that has ended while others
 * run, its mm is gone: then each of the others gives a record, and user space
 * keeps one.
 */
SEC("iter/task")
int snapshot_task(struct bpf_iter__task *ctx)
{
	/* The verifier wants the copy tested, not the field. */
	struct task_struct *task = ctx->task, *leader;
	struct mt_task t = {};
	struct mm_struct *mm;

	if (!task)
		return 0;
	leader = task->group_leader;
	mm = task->mm;
	if (task != leader && (!mm || leader->mm))
		return 0;
	t.start_ns = leader->start_boottime;
	t.pid = task->tgid;
	t.flags = task->flags;
	t.ppid = task->real_parent->tgid;
	t.uid = task->cred->uid.val;
	t.n_threads = task->signal->nr_threads;
	t.state = compat_task_state(task);
	bpf_probe_read_kernel(&t.comm, sizeof(t.comm), leader->comm);
	if (mm)
		read_mm(mm, &t);
	read_fds(task, &t);
	bpf_seq_write(ctx->meta->seq, &t, sizeof(t));
	return 0;
}
