/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source "filemap": tells page cache from anonymous memory, which gfp flags do
 * not. Fires after the page's allocation, in the same thread. tmpfs and shared
 * memory do not pass here and stay with the user pages.
 */
#include "owner.bpf.h"

char LICENSE[] SEC("license") = "GPL";

static long relabel_page(__u32 i, struct block *b)
{
	__u32 *e = block_entry(b, i);

	if (*e != b->entry)
		return 0;
	*e = b->to;
	b->result++;
	return 0;
}

/* Page cache is nobody's call path: as if these pages had not been in the sample. Not called by
 * relabel: without bpf_loop() a count that the loop leaves is told apart by each of its values. */
static __noinline void never_sampled(__u32 entry, __u32 pages)
{
	struct mt_slot *slot = entry_slot(entry);

	if (!slot)
		return;
	__sync_fetch_and_add(&slot->pages, -pages);
	sample_drop(entry, pages);
}

/* Pages of one folio were allocated together: one owner, one class. */
__noinline int relabel(__u64 index, __u32 pages, __u32 from)
{
	struct block b = {
		.chunk = page_chunk(index),
		.index = index,
		.entry = from,
		.to = make_entry(entry_owner(from), MT_FILE),
	};

	if (b.chunk)
		for_each_page(pages, relabel_page, &b);
	return b.result;
}

SEC("raw_tp/mm_filemap_add_to_page_cache")
int filemap_add(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 folio = ctx->args[0], index = page_index(folio);
	struct mt_chunk *chunk = page_chunk(index);
	struct mt_cpu *cpu = this_cpu();
	__u32 from, n;
	struct mt_owner *o;

	if (!chunk || !cpu)
		return 0;
	from = chunk->entry[index & (MT_CHUNK - 1)];
	o = owner_slot(entry_owner(from));
	if (!from || !o || entry_class(from) == MT_FILE)
		return 0;
	n = relabel(index, compat_folio_nr_pages(folio), from);
	if (from & MT_SAMPLED)
		never_sampled(from, n);
	__sync_fetch_and_add(&o->live[entry_class(from)], -(__s64)n);
	__sync_fetch_and_add(&o->taken[entry_class(from)], -(__s64)n);
	__sync_fetch_and_add(&o->live[MT_FILE], n);
	__sync_fetch_and_add(&o->taken[MT_FILE], n);
	cpu->count[MT_C_CACHED] += n;
	return 0;
}
