/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/tasks_iter.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/vec.h"

#define NS_PER_S 1000000000ull
#define PF_KTHREAD 0x00200000

/* Records a read() returns: the kernel hands out at most what its seq buffer of
 * eight pages holds. */
#define BATCH (8 * 4096 / sizeof(struct mt_task))

struct tasks_iter {
	struct task_source source;
	struct bpf_link *link;
	struct task_source *proc; /* NULL: no /proc */
	uint64_t page_size, ticks_per_s;
	uint64_t n_approx; /* processes whose RSS was approximate, last read */
	uint64_t n_cut;	   /* records that came incomplete */
};

/* Bits of task_struct.state and exit_state: include/linux/sched.h, the same in
 * all versions for the lower seven. */
static char state_letter(uint32_t state)
{
	static const char letters[] = "SDTtXZP";

	if (state == 0)
		return 'R';
	if ((state & 0x402) == 0x402) /* TASK_IDLE: uninterruptible, does not add to the load */
		return 'I';
	return letters[__builtin_ctz(state) < 7 ? __builtin_ctz(state) : 1];
}

static void set(struct proc_sample *p, enum proc_value v, uint64_t value)
{
	p->value[v] = value;
	p->known |= 1u << v;
}

static uint64_t pages(const struct tasks_iter *it, int64_t n)
{
	return n > 0 ? (uint64_t)n * it->page_size : 0; /* below 0: parts of CPUs still missing */
}

static void convert(struct tasks_iter *it, const struct mt_task *t, struct proc_sample *p)
{
	*p = (struct proc_sample){
		.id = {t->pid, t->start_ns / (NS_PER_S / it->ticks_per_s)},
		.ppid = t->ppid,
		.uid = t->uid,
		.state = state_letter(t->state),
		.flags = t->flags & PF_KTHREAD ? PROC_KTHREAD : 0,
	};
	memcpy(p->comm, t->comm, sizeof(p->comm));
	set(p, PROC_THREADS, t->n_threads);
	if (t->known & MT_TASK_FDS && !(t->flags & PF_KTHREAD))
		set(p, PROC_FDS, t->n_fds);
	if (!(t->known & MT_TASK_MM) || t->flags & PF_KTHREAD)
		return;
	set(p, PROC_FILE, pages(it, t->rss[0]));
	set(p, PROC_ANON, pages(it, t->rss[1]));
	set(p, PROC_SWAP, pages(it, t->rss[2]));
	set(p, PROC_SHMEM, pages(it, t->rss[3]));
	set(p, PROC_RSS, p->value[PROC_FILE] + p->value[PROC_ANON] + p->value[PROC_SHMEM]);
	set(p, PROC_VSZ, t->total_vm * it->page_size);
	set(p, PROC_HEAP, t->heap_bytes);
	set(p, PROC_PAGE_TABLE, t->page_table_bytes);
	if (t->known & MT_TASK_RSS_APPROX) {
		p->approx = 1u << PROC_FILE | 1u << PROC_ANON | 1u << PROC_SWAP | 1u << PROC_SHMEM |
			    1u << PROC_RSS;
		it->n_approx++;
	}
}

static int by_pid(const void *a, const void *b)
{
	const struct proc_sample *x = a, *y = b;

	return (x->id.pid > y->id.pid) - (x->id.pid < y->id.pid);
}

/* A process whose first thread has ended comes twice or more: once without
 * memory, and once for each thread that still has it. */
static void merge_same(struct task_list *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (!kept || l->v[kept - 1].id.pid != l->v[i].id.pid)
			l->v[kept++] = l->v[i];
		else if (l->v[i].known & (1u << PROC_RSS))
			l->v[kept - 1] = l->v[i];
	}
	l->n = kept;
}

static int read_all(struct tasks_iter *it, int fd, struct task_list *ret)
{
	struct mt_task batch[BATCH];
	bool sorted = true;
	ssize_t n;

	while ((n = read(fd, batch, sizeof(batch))) > 0) {
		size_t count = n / sizeof(batch[0]);

		if (n % sizeof(batch[0]))
			it->n_cut++;
		if (vec_reserve(ret, ret->n + count))
			return -ENOMEM;
		for (size_t i = 0; i < count; i++) {
			struct proc_sample *p = &ret->v[ret->n];

			convert(it, &batch[i], p);
			sorted &= !ret->n || p[-1].id.pid < p->id.pid;
			ret->n++;
		}
	}
	if (n < 0)
		return -errno;
	/* Some kernels leave pid 1 out: seen on a 6.18. */
	if (it->proc && (!ret->n || ret->v[0].id.pid != 1)) {
		if (tasks_proc__add(it->proc, 1, ret) == -ENOMEM)
			return -ENOMEM;
		sorted = false;
	}
	if (!sorted) {
		qsort(ret->v, ret->n, sizeof(*ret->v), by_pid);
		merge_same(ret);
	}
	return 0;
}

static int tasks_iter__read(struct task_source *s, struct task_list *ret)
{
	struct tasks_iter *it = (struct tasks_iter *)s;
	_cleanup_close_ int fd = bpf_iter_create(bpf_link__fd(it->link));

	task_list__clear(ret);
	if (fd < 0)
		return -errno;
	it->n_approx = 0;
	return read_all(it, fd, ret);
}

static int tasks_iter__limits(const struct task_source *s, struct limits *l)
{
	const struct tasks_iter *it = (const struct tasks_iter *)s;
	int err = 0;

	if (it->n_approx)
		err = limits__set(l, "rss_approximate", it->n_approx,
				  "processes whose RSS lacks the parts kept by each CPU or thread "
				  "(marked ~): off by up to 64 pages times the CPUs");
	if (!err && it->n_cut)
		err = limits__set(l, "task_records_cut", it->n_cut,
				  "reads of the task iterator that ended inside a record");
	return err;
}

static void tasks_iter__close(struct task_source *s)
{
	struct tasks_iter *it = (struct tasks_iter *)s;

	bpf_link__destroy(it->link);
	if (it->proc)
		it->proc->close(it->proc);
	free(it);
}

int tasks_iter__open(const struct tracer *tracer, int root_fd, struct task_source **ret)
{
	struct bpf_object *obj = tracer->obj[SOURCE_TASK_ITER];
	struct bpf_program *prog =
		obj ? bpf_object__find_program_by_name(obj, "snapshot_task") : NULL;
	_cleanup_free_ struct tasks_iter *it = calloc(1, sizeof(*it));

	if (!it)
		return -ENOMEM;
	it->link = prog ? bpf_program__attach(prog) : NULL;
	if (!it->link)
		return prog ? -errno : -ENOENT;
	if (tasks_proc__open(root_fd, &it->proc))
		it->proc = NULL;
	it->source = (struct task_source){
		.name = "bpf iterator",
		.read = tasks_iter__read,
		.limits = tasks_iter__limits,
		.close = tasks_iter__close,
	};
	it->page_size = sysconf(_SC_PAGESIZE);
	it->ticks_per_s = sysconf(_SC_CLK_TCK);
	*ret = &TAKE_PTR(it)->source;
	return 0;
}
