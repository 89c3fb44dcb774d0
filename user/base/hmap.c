/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/hmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIN_SLOTS 64 /* a power of two, as every capacity here */

struct hmap_slot {
	struct hmap_key key;
	uint32_t index;
	bool used;
};

/* The finaliser of splitmix64, once a word: pids and start times are small
 * and consecutive, so every input bit has to reach the low output bits. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static uint64_t hash(struct hmap_key key)
{
	uint64_t h = 0x9e3779b97f4a7c15ULL;

	for (size_t i = 0; i < 3; i++)
		h = mix(h ^ key.w[i]);
	return h;
}

static bool key_equal(struct hmap_key a, struct hmap_key b)
{
	return a.w[0] == b.w[0] && a.w[1] == b.w[1] && a.w[2] == b.w[2];
}

/* The slot of the key, or the free one where it belongs: there always is one. */
static struct hmap_slot *find_slot(struct hmap_slot *slots, size_t cap, struct hmap_key key)
{
	size_t i = hash(key) & (cap - 1);

	while (slots[i].used && !key_equal(slots[i].key, key))
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static int grow(struct hmap *m)
{
	size_t cap = m->cap ? m->cap * 2 : MIN_SLOTS;
	struct hmap_slot *slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].used)
			*find_slot(slots, cap, m->slots[i].key) = m->slots[i];
	free(m->slots);
	m->slots = slots;
	m->cap = cap;
	return 0;
}

int hmap_put(struct hmap *m, struct hmap_key key, uint32_t index)
{
	struct hmap_slot *slot;

	/* At most 3/4 full: linear probing degrades quickly above that. */
	if (m->n + 1 > m->cap / 4 * 3) {
		int err = grow(m);

		if (err)
			return err;
	}
	slot = find_slot(m->slots, m->cap, key);
	if (!slot->used)
		m->n++;
	*slot = (struct hmap_slot){.key = key, .index = index, .used = true};
	return 0;
}

bool hmap_get(const struct hmap *m, struct hmap_key key, uint32_t *ret_index)
{
	const struct hmap_slot *slot;

	if (!m->n)
		return false;
	slot = find_slot(m->slots, m->cap, key);
	if (!slot->used)
		return false;
	*ret_index = slot->index;
	return true;
}

void hmap_clear(struct hmap *m)
{
	if (m->slots)
		memset(m->slots, 0, m->cap * sizeof(*m->slots));
	m->n = 0;
}

void hmap_free(struct hmap *m)
{
	free(m->slots);
	*m = (struct hmap){0};
}
