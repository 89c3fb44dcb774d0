/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source "page": who takes pages and who still holds them. Runs in the page
 * allocator itself; every line here is paid for by each page fault.
 */
#include "owner.bpf.h"
#include "sample.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* gfp bits: stable from 5.10 on (include/linux/gfp.h, gfp_types.h). */
#define GFP_MOVABLE 0x8u
#define GFP_DIRECT_RECLAIM 0x400u
#define GFP_HARDWALL 0x100000u

/* preempt_count: in NMI, in hard interrupt, or serving a softirq (not merely
 * with bottom halves disabled, which counts in steps of two). */
#define PREEMPT_ASYNC_MASK 0x00ff0100u

#define PMD_ORDER 9

/* x86 up to 6.1 and from 6.14; 6.2 to 6.13 keep it in pcpu_hot. The symbol is
 * data: it resolves only where kallsyms lists data (CONFIG_KALLSYMS_ALL). */
extern const int __preempt_count __ksym __weak;

struct pcpu_hot {
	int preempt_count;
} __attribute__((preserve_access_index));

extern const struct pcpu_hot pcpu_hot __ksym __weak;

/*
 * User pages are movable and bound to the cpuset (GFP_HIGHUSER_MOVABLE);
 * zsmalloc and others allocate movable memory without the latter.
 */
static __always_inline __u32 class_of(__u32 gfp)
{
	const __u32 user = GFP_MOVABLE | GFP_HARDWALL;

	return (gfp & user) == user ? MT_USER : MT_KERNEL;
}

static __always_inline void pending_flush(struct mt_pending *p, struct mt_owner *o, bool taken)
{
	for (int c = 0; c < MT_CLASSES; c++) {
		if (!p->pages[c])
			continue;
		__sync_fetch_and_add(&o->live[c], taken ? p->pages[c] : -p->pages[c]);
		if (taken)
			__sync_fetch_and_add(&o->taken[c], p->pages[c]);
		p->pages[c] = 0;
	}
}

static __always_inline void pending_add(struct mt_pending *p, __u32 owner, __u32 class, __u32 pages,
					bool taken)
{
	if (p->owner != owner) {
		struct mt_owner *o = owner_slot(p->owner);

		if (o)
			pending_flush(p, o, taken);
		p->flushes++;
		p->owner = owner;
	}
	if (class < MT_CLASSES)
		p->pages[class] += pages;
}

/* An entry that still had an owner: its free was missed, the table heals itself. */
__noinline int heal(__u32 old)
{
	struct mt_cpu *cpu = this_cpu();

	if (cpu)
		cpu->count[MT_C_STALE]++;
	return live_drop(old);
}

static long own_page(__u32 i, struct block *b)
{
	__u32 *e = block_entry(b, i), old = *e;

	*e = b->entry;
	if (old)
		heal(old);
	return 0;
}

__noinline int own_block(__u64 index, __u32 pages, __u32 entry)
{
	struct block b = {.chunk = page_chunk(index), .index = index, .entry = entry};

	if (b.chunk)
		for_each_page(pages, own_page, &b);
	return 0;
}

static __always_inline __u32 owner_of_alloc(struct mt_cpu *cpu, void *ctx, __u32 class, __u32 gfp,
					    int preempt_count)
{
	/* What may sleep is no interrupt, and no interrupt takes user pages. */
	if (class == MT_USER || gfp & GFP_DIRECT_RECLAIM)
		return owner_current(cpu, ctx, true);
	if (cfg.async_rung == MT_ASYNC_PREEMPT_COUNT ? preempt_count & PREEMPT_ASYNC_MASK
						     : cpu->in_softirq | cpu->in_hardirq)
		return MT_ASYNC;
	if (cfg.async_rung == MT_ASYNC_GFP)
		cpu->count[MT_C_MAYBE_ASYNC]++;
	return owner_current(cpu, ctx, false);
}

static __always_inline int alloc(struct bpf_raw_tracepoint_args *ctx, int preempt_count)
{
	__u64 page = ctx->args[0], index;
	__u32 order = ctx->args[1], gfp = ctx->args[2];
	struct mt_cpu *cpu = this_cpu();
	__u32 class, owner, entry, at;
	struct mt_chunk *chunk;

	if (!page || !cpu) /* a failed allocation is traced too */
		return 0;
	cpu->count[MT_C_ALLOCS]++;
	index = page_index(page);
	chunk = page_chunk(index);
	if (!chunk || order > MT_MAX_ORDER) {
		cpu->count[order > MT_MAX_ORDER ? MT_C_BAD_ORDER : MT_C_OUT_OF_RANGE]++;
		return 0;
	}
	class = class_of(gfp);
	owner = owner_of_alloc(cpu, ctx, class, gfp, preempt_count);
	if (owner == MT_ASYNC)
		cpu->count[MT_C_ASYNC] += 1u << order;
	entry = make_entry(owner, class);
	if (cfg.stack_bytes && class == MT_USER)
		entry = sample_user(cpu, owner, order, entry);
	if (cfg.kernel_slots && class != MT_USER)
		entry = sample_kernel(cpu, ctx, owner, order, entry);
	at = index & (MT_CHUNK - 1);
	if (order == 0) {
		__u32 old = chunk->entry[at];

		chunk->entry[at] = entry;
		if (old)
			heal(old);
	} else {
		own_block(index, 1u << order, entry);
	}
	pending_add(&cpu->alloc, owner, class, 1u << order, true);
	if (order == PMD_ORDER) {
		__u32 tid = bpf_get_current_pid_tgid();

		bpf_map_update_elem(&huge_last, &tid, &index, BPF_ANY);
	}
	return 0;
}

/* One of the three is loaded: see enum mt_async_rung. */
SEC("?raw_tp/mm_page_alloc")
int page_alloc(struct bpf_raw_tracepoint_args *ctx)
{
	return alloc(ctx, 0);
}

SEC("?raw_tp/mm_page_alloc")
int page_alloc_pc(struct bpf_raw_tracepoint_args *ctx)
{
	const int *count = bpf_this_cpu_ptr(&__preempt_count);

	return alloc(ctx, *count);
}

SEC("?raw_tp/mm_page_alloc")
int page_alloc_hot(struct bpf_raw_tracepoint_args *ctx)
{
	const struct pcpu_hot *hot = bpf_this_cpu_ptr(&pcpu_hot);

	return alloc(ctx, hot->preempt_count);
}

/* Compaction's targets have no owner. NUMA balancing and CMA allocate theirs in
 * the migrating thread's name: taken back here. */
__noinline int carried_onto(__u32 old)
{
	struct mt_cpu *cpu = this_cpu();

	if (cpu)
		cpu->count[MT_C_MIGRATED]++;
	return old ? live_drop(old) : 0;
}

static long carry_page(__u32 i, struct block *b)
{
	__u32 *src = &b->from->entry[(b->from_index + i) & (MT_CHUNK - 1)];
	__u32 *dst = block_entry(b, i);

	if (!*src)
		return 0;
	carried_onto(*dst);
	*dst = *src;
	*src = 0;
	return 0;
}

/* A migration just finished in this thread: what is freed now is the page the
 * data came from, so its owner goes to where the data went. */
__noinline int carry(__u64 source, __u64 dest, __u32 pages)
{
	struct block b = {
		.chunk = page_chunk(dest),
		.index = dest,
		.from = page_chunk(source),
		.from_index = source,
	};

	if (b.chunk && b.from)
		for_each_page(pages, carry_page, &b);
	return 0;
}

/* A process that ends gives back what it holds, and nothing else tells later what that was. */
static __always_inline void note_end(__u32 entry, __u32 pages)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mt_slot *slot;

	if (!(entry & MT_SAMPLED) || entry_class(entry) != MT_USER ||
	    !(BPF_CORE_READ(task, flags) & PF_EXITING))
		return;
	slot = entry_slot(entry);
	if (slot)
		__sync_fetch_and_add(&slot->ended, pages);
}

/* Counts `pages` with this entry as freed. */
__noinline int drop(__u32 entry, __u32 pages)
{
	struct mt_cpu *cpu = this_cpu();

	if (!cpu)
		return 0;
	if (!entry)
		cpu->count[MT_C_UNKNOWN_FREE] += pages;
	else
		pending_add(&cpu->free, entry_owner(entry), entry_class(entry), pages, false);
	note_end(entry, pages);
	sample_drop(entry, pages);
	return 0;
}

static long compare_page(__u32 i, struct block *b)
{
	b->result |= *block_entry(b, i) ^ b->entry;
	return 0;
}

/* Blocks are split and freed piecemeal, so neighbours may have different owners. */
__noinline int block_differs(__u64 index, __u32 pages, __u32 entry)
{
	struct block b = {.chunk = page_chunk(index), .index = index, .entry = entry};

	if (b.chunk)
		for_each_page(pages, compare_page, &b);
	return b.result != 0;
}

static long clear_page(__u32 i, struct block *b)
{
	*block_entry(b, i) = 0;
	return 0;
}

__noinline int clear_block(__u64 index, __u32 pages)
{
	struct block b = {.chunk = page_chunk(index), .index = index};

	if (b.chunk)
		for_each_page(pages, clear_page, &b);
	return 0;
}

static long drop_page(__u32 i, struct block *b)
{
	drop(*block_entry(b, i), 1);
	return 0;
}

__noinline int drop_each(__u64 index, __u32 pages)
{
	struct block b = {.chunk = page_chunk(index), .index = index};

	if (b.chunk)
		for_each_page(pages, drop_page, &b);
	return 0;
}

/*
 * khugepaged frees the small pages it has copied into the huge page it allocated
 * last: their samples go on in its entries, from the last one down (the first
 * tells the collapse source that the page is not given to its process yet).
 */
static __always_inline bool carry_to_huge(__u32 entry)
{
	__u32 tid = bpf_get_current_pid_tgid(), at;
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mt_chunk *chunk;
	__u64 *huge;

	if (!(BPF_CORE_READ(task, flags) & PF_KTHREAD))
		return false;
	huge = bpf_map_lookup_elem(&huge_last, &tid);
	if (!huge || *huge >> 48 >= 511)
		return false;
	chunk = page_chunk(*huge & MT_HUGE_INDEX);
	if (!chunk)
		return false;
	at = ((*huge & MT_HUGE_INDEX) + 511 - (*huge >> 48)) & (MT_CHUNK - 1);
	live_drop(chunk->entry[at]);
	chunk->entry[at] = entry;
	*huge += MT_HUGE_INDEX + 1;
	return true;
}

__noinline int sampled_free(__u32 entry)
{
	return entry_class(entry) == MT_USER && carry_to_huge(entry) ? 0 : drop(entry, 1);
}

SEC("raw_tp/mm_page_free")
int page_free(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 index = page_index(ctx->args[0]);
	__u32 order = ctx->args[1], at = index & (MT_CHUNK - 1);
	struct mt_chunk *chunk = page_chunk(index);
	struct mt_cpu *cpu = this_cpu();
	__u32 old;

	if (!cpu)
		return 0;
	cpu->count[MT_C_FREES]++;
	if (!chunk || order > MT_MAX_ORDER) {
		cpu->count[order > MT_MAX_ORDER ? MT_C_BAD_ORDER : MT_C_OUT_OF_RANGE]++;
		return 0;
	}
	if (cpu->moved_to && cpu->moved_order == order &&
	    cpu->moved_tid == (__u32)bpf_get_current_pid_tgid()) {
		cpu->count[MT_C_MOVED] += 1u << order;
		carry(index, cpu->moved_to - 1, 1u << order);
		cpu->moved_to = 0;
	}
	if (order) {
		if (block_differs(index, 1u << order, chunk->entry[at]))
			drop_each(index, 1u << order);
		else
			drop(chunk->entry[at], 1u << order);
		return clear_block(index, 1u << order);
	}
	old = chunk->entry[at];
	if (!old) {
		cpu->count[MT_C_UNKNOWN_FREE]++;
		return 0;
	}
	chunk->entry[at] = 0;
	if (old & MT_SAMPLED)
		return sampled_free(old);
	pending_add(&cpu->free, entry_owner(old), entry_class(old), 1, false);
	return 0;
}
