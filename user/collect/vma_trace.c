/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/vma_trace.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/log.h"

struct vma_trace {
	struct tracer *tracer;
	struct mt_vma_control *control;
	struct ring_buffer *ring;
	int targets_fd, cpu_fd;
	vma_fn *fn;
	void *arg;
};

static int map_fd(const struct vma_trace *t, const char *name)
{
	return bpf_object__find_map_fd_by_name(t->tracer->obj[SOURCE_VMA], name);
}

static int on_record(void *ctx, void *data, size_t size)
{
	const size_t bare = offsetof(struct mt_vma, at.regs);
	const struct vma_trace *t = ctx;
	const struct mt_vma *v = data;

	if (size < bare)
		return 0;
	if (v->flags & MT_VMA_STACK && (size < sizeof(*v) || v->at.stack_bytes > size - sizeof(*v)))
		return 0;
	t->fn(t->arg, v);
	return 0;
}

static void vma_trace__closep(struct vma_trace **t)
{
	vma_trace__close(*t);
}

int vma_trace__open(struct tracer *tracer, vma_fn *fn, void *arg, struct vma_trace **ret)
{
	_cleanup_(vma_trace__closep) struct vma_trace *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	if (!tracer__has(tracer, SOURCE_VMA))
		return -ENODATA;
	t->tracer = tracer;
	t->fn = fn;
	t->arg = arg;
	t->targets_fd = map_fd(t, "vma_targets");
	t->cpu_fd = map_fd(t, "vma_cpu");
	t->control = mmap(NULL, sizeof(*t->control), PROT_READ | PROT_WRITE, MAP_SHARED,
			  map_fd(t, "vma_control"), 0);
	if (t->control == MAP_FAILED) {
		t->control = NULL;
		return -errno;
	}
	t->ring = ring_buffer__new(map_fd(t, "vma_ring"), on_record, t, NULL);
	if (!t->ring)
		return -errno;
	*ret = TAKE_PTR(t);
	return 0;
}

void vma_trace__close(struct vma_trace *t)
{
	if (!t)
		return;
	ring_buffer__free(t->ring);
	if (t->control)
		munmap(t->control, sizeof(*t->control));
	free(t);
}

int vma_trace__mark(struct vma_trace *t, struct proc_id id, bool heirs)
{
	const struct mt_target target = {
		.start_ticks = id.start_ticks,
		.flags = MT_OWNER_TARGET | (heirs ? MT_OWNER_HEIRS : 0),
	};

	return bpf_map_update_elem(t->targets_fd, &id.pid, &target, BPF_ANY) ? -errno : 0;
}

void vma_trace__forget(struct vma_trace *t, struct proc_id id)
{
	struct mt_target target;

	/* Gone by itself when it ended; or the pid is another's by now. */
	if (bpf_map_lookup_elem(t->targets_fd, &id.pid, &target) ||
	    target.start_ticks != id.start_ticks)
		return;
	if (bpf_map_delete_elem(t->targets_fd, &id.pid))
		log_debug_errno(errno, "pid %u is watched on, ignoring", id.pid);
}

int vma_trace__calls(struct vma_trace *t, bool on)
{
	return tracer__trace_calls(t->tracer, on);
}

void vma_trace__control(struct vma_trace *t, uint64_t interval, bool paused)
{
	__atomic_store_n(&t->control->interval, interval, __ATOMIC_RELAXED);
	__atomic_store_n(&t->control->paused, paused, __ATOMIC_RELAXED);
}

int vma_trace__consume(struct vma_trace *t)
{
	return ring_buffer__consume(t->ring);
}

int vma_trace__fd(const struct vma_trace *t)
{
	return ring_buffer__epoll_fd(t->ring);
}

uint32_t vma_trace__stack_bytes(const struct vma_trace *t)
{
	return t->tracer->machine.config.stack_bytes;
}

void vma_trace__counts(const struct vma_trace *t, struct vma_counts *ret)
{
	uint32_t zero = 0, n_cpus = t->tracer->machine.config.n_cpus;
	_cleanup_free_ struct mt_vma_cpu *cpus = calloc(n_cpus, sizeof(*cpus));

	if (!cpus || bpf_map_lookup_elem(t->cpu_fd, &zero, cpus)) {
		log_debug("losses of the source vma are not known now");
		return;
	}
	*ret = (struct vma_counts){};
	for (uint32_t i = 0; i < n_cpus; i++) {
		ret->lost += cpus[i].count[MT_VMA_LOST];
		ret->no_stack += cpus[i].count[MT_VMA_NO_STACK];
		ret->missed += cpus[i].count[MT_VMA_MISSED];
	}
}
