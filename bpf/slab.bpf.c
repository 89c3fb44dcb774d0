/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source "slab": who holds objects of kmalloc and of slab caches, by byte-weighted
 * random samples. A sampled object is in `slab_objects` from its allocation to its
 * free; everything dear happens for these only. Attached only while wanted: even
 * empty programs on these events cost a socket-heavy load several per cent.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "cgroup.bpf.h"
#include "compat.bpf.h"
#include "kstack.bpf.h"
#include "memtrace.h"
#include "random.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Preallocated; sized by user space. Key: address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct mt_object);
} slab_objects SEC(".maps");

/* How many entries of slab_objects have an address there: nearly every free finds 0
 * here and is done. A global variable, as that is read without a look-up. */
__u32 slab_tags[MT_SLAB_TAGS];

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_slab_cpu);
} slab_cpu SEC(".maps");

/* Names of the caches that have samples. Key: struct kmem_cache. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct mt_slab_name);
} slab_names SEC(".maps");

/* Written by user space before it attaches. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_slab_control);
} slab_control SEC(".maps");

static __always_inline __u32 *tag_of(__u64 ptr)
{
	__u64 i = ptr >> MT_SLAB_TAG_SHIFT;

	/* The mask right before the sum, as verifiers up to 5.10 want it. */
	barrier_var(i);
	return &slab_tags[i & (MT_SLAB_TAGS - 1)];
}

static __always_inline bool is_own(const struct mt_slab_control *control)
{
	return bpf_get_current_pid_tgid() >> 32 == control->own_tgid;
}

/* Global functions with scalar arguments: verified once, and not in line on the hot path. */
__noinline int forget(__u64 ptr)
{
	struct mt_slab_control *control;
	struct mt_slab_cpu *cpu;
	__u32 zero = 0;

	if (bpf_map_delete_elem(&slab_objects, &ptr))
		return 0;
	__sync_fetch_and_add(tag_of(ptr), -1);
	cpu = bpf_map_lookup_elem(&slab_cpu, &zero);
	control = bpf_map_lookup_elem(&slab_control, &zero);
	if (cpu && control && !is_own(control))
		mt_gap_freed(&cpu->gap);
	return 0;
}

static __always_inline void freed(__u64 ptr)
{
	if (*tag_of(ptr))
		forget(ptr);
}

static __always_inline void note_name(__u64 cache)
{
	struct kmem_cache *s = (void *)cache;
	struct mt_slab_name name = {};

	if (cache <= MT_SLAB_UNNAMED || bpf_map_lookup_elem(&slab_names, &cache))
		return;
	bpf_probe_read_kernel_str(name.name, sizeof(name.name), BPF_CORE_READ(s, name));
	bpf_map_update_elem(&slab_names, &cache, &name, BPF_NOEXIST);
}

static __always_inline void keep(void *ctx, struct mt_slab_cpu *cpu, struct mt_object *o, __u64 ptr)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	o->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	o->tgid = BPF_CORE_READ(task, tgid);
	bpf_get_current_comm(&o->comm, sizeof(o->comm));
	o->cgroup = cgroup_note(cgroup_of_task(task));
	o->interval = cpu->gap.interval;
	note_name(o->cache);
	o->stack = kstack_note(ctx, false);
	if (!o->stack)
		cpu->count[MT_SLAB_NO_STACK]++;
	if (bpf_map_update_elem(&slab_objects, &ptr, o, BPF_NOEXIST)) {
		cpu->count[MT_SLAB_FULL]++;
		return;
	}
	__sync_fetch_and_add(tag_of(ptr), 1);
	cpu->count[MT_SLAB_SAMPLED]++;
}

/* The gap is used up. An interval of 0 samples every object. */
static __noinline int due(void *ctx, __u64 ptr, __u32 size, __u64 cache, __u32 gfp)
{
	struct mt_object o = {.cache = cache, .size = size, .gfp = gfp};
	struct mt_slab_control *control;
	struct mt_slab_cpu *cpu;
	__u32 zero = 0;

	cpu = bpf_map_lookup_elem(&slab_cpu, &zero);
	control = bpf_map_lookup_elem(&slab_control, &zero);
	if (!cpu || !control)
		return 0;
	o.time_ns = bpf_ktime_get_boot_ns();
	/* The first on this CPU only starts the count: no gap was drawn for it. */
	if (cpu->started)
		keep(ctx, cpu, &o, ptr);
	if (cpu->started && is_own(control))
		draw_gap(&cpu->gap, cpu->gap.interval);
	else
		draw_gap(&cpu->gap, mt_gap_next(&cpu->gap, control->interval, o.time_ns));
	cpu->started = 1;
	return 0;
}

static __always_inline int allocated(void *ctx, __u64 ptr, __u32 size, __u64 cache, __u32 gfp)
{
	struct mt_slab_cpu *cpu;
	__u32 zero = 0;

	if (ptr <= 16) /* failed, or ZERO_SIZE_PTR */
		return 0;
	cpu = bpf_map_lookup_elem(&slab_cpu, &zero);
	if (!cpu)
		return 0;
	freed(ptr); /* its free was missed: it would be counted twice */
	cpu->gap.left -= size;
	return cpu->gap.left > 0 ? 0 : due(ctx, ptr, size, cache, gfp);
}

SEC("raw_tp/kmalloc")
int slab_kmalloc(struct bpf_raw_tracepoint_args *ctx)
{
	return allocated(ctx, ctx->args[1], ctx->args[3], 0, ctx->args[4]);
}

/* Up to 6.0 the NUMA-aware calls had events of their own. */
SEC("raw_tp/kmalloc_node")
int slab_kmalloc_node(struct bpf_raw_tracepoint_args *ctx)
{
	return allocated(ctx, ctx->args[1], ctx->args[3], 0, ctx->args[4]);
}

/* Up to 6.0 these events tell sizes and no cache; one of the two layouts is loaded. */
SEC("?raw_tp/kmem_cache_alloc")
int slab_cache_alloc_old(struct bpf_raw_tracepoint_args *ctx)
{
	return allocated(ctx, ctx->args[1], ctx->args[3], MT_SLAB_UNNAMED, ctx->args[4]);
}

SEC("raw_tp/kmem_cache_alloc_node")
int slab_cache_alloc_node_old(struct bpf_raw_tracepoint_args *ctx)
{
	return allocated(ctx, ctx->args[1], ctx->args[3], MT_SLAB_UNNAMED, ctx->args[4]);
}

/* tp_btf: the cache's size is read like memory, without a helper call. */
SEC("?tp_btf/kmem_cache_alloc")
int slab_cache_alloc(__u64 *ctx)
{
	struct kmem_cache *s = (void *)ctx[2];

	return allocated(ctx, ctx[1], s->size, (__u64)s, ctx[3]);
}

SEC("raw_tp/kfree")
int slab_kfree(struct bpf_raw_tracepoint_args *ctx)
{
	freed(ctx->args[1]);
	return 0;
}

SEC("raw_tp/kmem_cache_free")
int slab_cache_free(struct bpf_raw_tracepoint_args *ctx)
{
	freed(ctx->args[1]);
	return 0;
}

/* Once more a function of its own, as the loop below is walked turn by turn. */
__noinline int freed_at(__u64 where)
{
	__u64 ptr;

	if (!bpf_probe_read_kernel(&ptr, sizeof(ptr), (void *)where))
		freed(ptr);
	return 0;
}

#define BULK_MAX 512 /* KVFREE_BULK_MAX_ENTR: a page of pointers */

/* kfree_rcu() frees by the pageful, without a kfree event (5.8 on). */
SEC("raw_tp/rcu_invoke_kfree_bulk_callback")
int slab_kfree_bulk(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 n = ctx->args[1], at = ctx->args[2];

	for (__u32 i = 0; i < BULK_MAX; i++) {
		if (i >= n)
			break;
		freed_at(at);
		at += sizeof(at);
	}
	return 0;
}
