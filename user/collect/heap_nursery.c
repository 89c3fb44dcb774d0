/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel side's nursery of blocks, which changes while it is read: bpf/heap_table.bpf.h. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "collect/heap_part.h"

/* Who moves a block may have lost its CPU half way. */
#define MOVING_TRIES 1000
/* A slot that changes each time it is read holds blocks that do not live long. */
#define READ_TRIES 16

uint32_t heap_nursery_slots(uint32_t max_blocks)
{
	uint32_t n = MT_HEAP_SLOTS_MAX;

	while (n > max_blocks / 2)
		n /= 2;
	return n;
}

int heap_nursery__open(struct heap_nursery *y, int map_fd, uint32_t n)
{
	void *slots;

	if (!n)
		return 0;
	y->copy = calloc(n, sizeof(*y->copy));
	if (!y->copy)
		return -ENOMEM;
	slots = mmap(NULL, n * sizeof(*y->slots), PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (slots == MAP_FAILED)
		return -errno;
	y->slots = slots;
	y->n = n;
	return 0;
}

void heap_nursery__close(struct heap_nursery *y)
{
	if (y->slots)
		munmap(y->slots, y->n * sizeof(*y->slots));
	free(y->copy);
	*y = (struct heap_nursery){0};
}

static uint64_t word_of(const struct mt_heap_slot *s)
{
	return __atomic_load_n(&s->word, __ATOMIC_ACQUIRE);
}

static uint64_t settled_word(const struct mt_heap_slot *s)
{
	uint64_t word = word_of(s);

	for (int i = 0; i < MOVING_TRIES && (word & MT_HEAP_SLOT_STATE) == MT_HEAP_MOVING; i++) {
		sched_yield();
		word = word_of(s);
	}
	/* One that is being filled has not been handed out yet. */
	return word & MT_HEAP_SLOT_STATE ? 0 : word;
}

static struct mt_heap_slot read_slot(const struct mt_heap_slot *s)
{
	for (int i = 0; i < READ_TRIES; i++) {
		struct mt_heap_slot once = {.word = settled_word(s)}, again;

		if (!once.word)
			break;
		once.space = s->space;
		once.block = s->block;
		again = *(const volatile struct mt_heap_slot *)s;
		if (!memcmp(&once, &again, sizeof(once)))
			return once;
	}
	return (struct mt_heap_slot){0};
}

void heap_nursery__read(struct heap_nursery *y)
{
	for (uint32_t i = 0; i < y->n; i++)
		y->copy[i] = read_slot(&y->slots[i]);
}

static uint32_t index_of(const struct heap_nursery *y, const struct mt_heap_at *at)
{
	return mt_heap_slot_index(at->addr, at->space, y->n);
}

const struct mt_heap_block *heap_nursery__find(const struct heap_nursery *y,
					       const struct mt_heap_at *at)
{
	const struct mt_heap_slot *s = y->n ? &y->copy[index_of(y, at)] : NULL;

	if (!s || s->word != mt_heap_slot_word(at->addr, at->space) || s->space != at->space)
		return NULL;
	return &s->block;
}

static bool change(struct mt_heap_slot *s, __u64 from, __u64 to)
{
	return __atomic_compare_exchange_n(&s->word, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

bool heap_nursery__take(struct heap_nursery *y, const struct mt_heap_at *at)
{
	struct mt_heap_slot *s = y->n ? &y->slots[index_of(y, at)] : NULL;
	uint64_t word = mt_heap_slot_word(at->addr, at->space);

	if (!s || (word_of(s) & ~MT_HEAP_SLOT_STATE) != word || s->space != at->space)
		return false;
	return change(s, word, 0) || change(s, word | MT_HEAP_MOVING, word | MT_HEAP_FREED);
}
