/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The blocks that are held, by address.
 *
 * Most blocks are freed soon after they were asked for, and a hash table's insertion and deletion
 * cost as much as a trap. So a block begins in a nursery, an array with one slot for an address;
 * the next block that wants the slot moves it to the hash table. Nobody waits for a slot that
 * somebody else is changing: a block that comes then goes to the hash table at once.
 *
 * Not on kernels without sessions of uprobes: 5.10 has no compare and exchange.
 */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "heap_walk.bpf.h"

/* Sized by user space; without preallocation where the kernel can do that from everywhere. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct mt_heap_at);
	__type(value, struct mt_heap_block);
} heap_blocks SEC(".maps");

/* False: there is no room. */
static __always_inline bool put_in_table(const struct mt_heap_at *at, const struct mt_heap_block *b)
{
	if (!bpf_map_update_elem(&heap_blocks, at, b, BPF_NOEXIST))
		return true;
	if (!bpf_map_lookup_elem(&heap_blocks, at))
		return false;
	count(MT_HEAP_C_STALE, 1);
	bpf_map_update_elem(&heap_blocks, at, b, BPF_ANY);
	return true;
}

static __always_inline bool take_from_table(const struct mt_heap_at *at, struct mt_heap_block *ret)
{
	const struct mt_heap_block *b;

	if (ret) {
		b = bpf_map_lookup_elem(&heap_blocks, at);
		if (!b)
			return false;
		*ret = *b;
	}
	return !bpf_map_delete_elem(&heap_blocks, at);
}

#ifdef MT_HEAP_SESSION
/* Sized by user space: cfg.heap_slots, a power of two. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_heap_slot);
} heap_nursery SEC(".maps");

/* NULL: an address that has no slot. */
static __always_inline struct mt_heap_slot *slot_of(const struct mt_heap_at *at)
{
	__u32 i = mt_heap_slot_index(at->addr, at->space, cfg.heap_slots);

	return mt_heap_slot_fits(at->addr) ? bpf_map_lookup_elem(&heap_nursery, &i) : NULL;
}

static __always_inline __u64 word_now(struct mt_heap_slot *s)
{
	return *(volatile __u64 *)&s->word;
}

static __always_inline bool change(struct mt_heap_slot *s, __u64 from, __u64 to)
{
	return __sync_val_compare_and_swap(&s->word, from, to) == from;
}

/* x86: stores are seen in their order. */
static __always_inline void set_word(struct mt_heap_slot *s, __u64 word)
{
	barrier();
	*(volatile __u64 *)&s->word = word;
}

/* Moves the slot's block away, which may be freed meanwhile. True: the slot is the caller's. */
static __always_inline bool move_away(struct mt_heap_slot *s, __u64 word)
{
	struct mt_heap_at at;
	struct mt_heap_block old, *b;

	if (!change(s, word, word | MT_HEAP_MOVING))
		return false;
	at = (struct mt_heap_at){word & MT_HEAP_SLOT_ADDR, s->space};
	old = s->block;
	if (!put_in_table(&at, &old)) {
		if (change(s, word | MT_HEAP_MOVING, word))
			return false;
	} else if (!change(s, word | MT_HEAP_MOVING, MT_HEAP_FILLING)) {
		/* Freed; its address may be another block's by now. */
		b = bpf_map_lookup_elem(&heap_blocks, &at);
		if (b && b->time_ns == old.time_ns)
			bpf_map_delete_elem(&heap_blocks, &at);
	}
	set_word(s, MT_HEAP_FILLING);
	return true;
}

static __always_inline bool claim(struct mt_heap_slot *s, __u64 word, __u64 space)
{
	__u64 was = word_now(s);

	if (!was)
		return change(s, 0, MT_HEAP_FILLING);
	if (was & MT_HEAP_SLOT_STATE)
		return false;
	if (was != word || s->space != space)
		return move_away(s, was);
	count(MT_HEAP_C_STALE, 1);
	return change(s, was, MT_HEAP_FILLING);
}

static __always_inline bool put_in_nursery(const struct mt_heap_at *at,
					   const struct mt_heap_block *b)
{
	struct mt_heap_slot *s = slot_of(at);
	__u64 word = mt_heap_slot_word(at->addr, at->space);

	if (!s || !claim(s, word, at->space))
		return false;
	s->space = at->space;
	s->block = *b;
	set_word(s, word);
	return true;
}

static __always_inline bool take_from_nursery(const struct mt_heap_at *at,
					      struct mt_heap_block *ret)
{
	struct mt_heap_slot *s = slot_of(at);
	__u64 word = mt_heap_slot_word(at->addr, at->space);

	if (!s || (word_now(s) & ~(__u64)MT_HEAP_SLOT_STATE) != word || s->space != at->space)
		return false;
	if (ret)
		*ret = s->block;
	/* Who moves it takes it out of the table then. */
	return change(s, word, 0) || change(s, word | MT_HEAP_MOVING, word | MT_HEAP_FREED);
}
#else
static __always_inline bool put_in_nursery(const struct mt_heap_at *at,
					   const struct mt_heap_block *b)
{
	return false;
}

static __always_inline bool take_from_nursery(const struct mt_heap_at *at,
					      struct mt_heap_block *ret)
{
	return false;
}
#endif

static __always_inline void put_block(const struct mt_heap_at *at, const struct mt_heap_block *b)
{
	if (put_in_nursery(at, b) || put_in_table(at, b))
		return;
	count(MT_HEAP_C_FULL, 1);
	count(MT_HEAP_C_FULL_BYTES, b->size);
}

/* The block leaves the table. ret: what it was; NULL: nobody asks. */
static __always_inline bool take_block(const struct mt_heap_at *at, struct mt_heap_block *ret)
{
	return take_from_nursery(at, ret) || take_from_table(at, ret);
}
