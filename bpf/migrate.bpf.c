/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source "migrate": pages that move while they are held.
 *
 * Compaction takes its target pages from isolated free blocks without an
 * mm_page_alloc event. Per mapped page the migrating thread emits
 * remove_migration_pte with the new page frame (5.18 on) and then frees the
 * old page: page_free carries the owner over. khugepaged allocates the huge
 * page in its own name; mm_collapse_huge_page tells for which mm.
 */
#include "owner.bpf.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline int moved(__u64 entry, __u32 order)
{
	__u64 frame = (entry & MT_PTE_PFN_MASK) >> 12;
	struct mt_cpu *cpu = this_cpu();

	if (!cpu || !cfg.page_base)
		return 0;
	if (frame >= cfg.n_pages || order > MT_MAX_ORDER) {
		cpu->count[MT_C_MIGRATE_LOST]++;
		return 0;
	}
	/* Each page of a large folio mapped by ptes gives its own event. */
	cpu->moved_to = (frame & ~((1ULL << order) - 1)) + 1;
	cpu->moved_order = order;
	cpu->moved_tid = bpf_get_current_pid_tgid();
	return 0;
}

SEC("raw_tp/remove_migration_pte")
int migrate_pte(struct bpf_raw_tracepoint_args *ctx)
{
	return moved(ctx->args[1], ctx->args[2]);
}

SEC("raw_tp/remove_migration_pmd")
int migrate_pmd(struct bpf_raw_tracepoint_args *ctx)
{
	return moved(ctx->args[1], 9);
}

/* One page less than give_huge() counts. Not a count in the loop: without bpf_loop() the verifier
 * (5.10) follows each value it may have, and does not come to an end. */
__noinline int not_given(__u32 entry)
{
	struct mt_owner *o = owner_slot(entry_owner(entry));
	struct mt_cpu *cpu = this_cpu();

	if (!o || !cpu)
		return 0;
	__sync_fetch_and_add(&o->live[MT_USER], -1);
	__sync_fetch_and_add(&o->taken[MT_USER], -1);
	cpu->count[MT_C_COLLAPSED]--;
	return 0;
}

static long give_page(__u32 i, struct block *b)
{
	__u32 *e = block_entry(b, i), old = *e;

	/* Carried here from the small pages: page_free. */
	if (old & MT_SAMPLED) {
		not_given(b->entry);
		return 0;
	}
	*e = b->entry;
	if (old)
		live_drop(old);
	return 0;
}

/* Returns how many changed hands, but for those that not_given() counts: all of them, or none. */
__noinline int give_block(__u64 index, __u32 pages, __u32 entry)
{
	struct block b = {.chunk = page_chunk(index), .index = index, .entry = entry};

	/* MADV_COLLAPSE runs in the process itself, which then owns the block already. */
	if (!b.chunk || entry_owner(*block_entry(&b, 0)) == entry_owner(entry))
		return 0;
	for_each_page(pages, give_page, &b);
	return pages;
}

static __always_inline void give_huge(struct mt_cpu *cpu, __u64 index, __u32 owner)
{
	struct mt_owner *o = owner_slot(owner);
	__u32 given;

	if (!o)
		return;
	given = give_block(index & MT_HUGE_INDEX, 512, make_entry(owner, MT_USER));
	__sync_fetch_and_add(&o->live[MT_USER], given);
	__sync_fetch_and_add(&o->taken[MT_USER], given);
	cpu->count[MT_C_COLLAPSED] += given;
}

SEC("raw_tp/mm_collapse_huge_page")
int collapse(struct bpf_raw_tracepoint_args *ctx)
{
	struct mm_struct *mm = (void *)ctx->args[0];
	__u32 tid = bpf_get_current_pid_tgid(), status = ctx->args[2];
	struct mt_cpu *cpu = this_cpu();
	struct task_struct *task;
	__u64 *index;

	if (!cpu || status != bpf_core_enum_value(enum scan_result, SCAN_SUCCEED))
		return 0;
	index = bpf_map_lookup_elem(&huge_last, &tid);
	task = bpf_core_field_exists(mm->owner) ? BPF_CORE_READ(mm, owner) : NULL;
	if (!index || !task) {
		cpu->count[MT_C_COLLAPSE_LOST] += 512;
		return 0;
	}
	give_huge(cpu, *index, owner_find(cpu, BPF_CORE_READ(task, group_leader)));
	bpf_map_delete_elem(&huge_last, &tid);
	return 0;
}
