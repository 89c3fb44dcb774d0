/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the element of an array by its key: a hash table from a key of three
 * words to an index into an array that the caller keeps. Entries cannot be
 * removed one by one; who compacts the array clears the map and puts the
 * remaining ones again. All zero is empty.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hmap_key {
	uint64_t w[3];
};

struct hmap_slot;

struct hmap {
	struct hmap_slot *slots;
	size_t n, cap;
};

/* Replaces the index of a key that is there already. 0 or -ENOMEM (map unchanged). */
int hmap_put(struct hmap *m, struct hmap_key key, uint32_t index);
bool hmap_get(const struct hmap *m, struct hmap_key key, uint32_t *ret_index);
void hmap_clear(struct hmap *m); /* keeps the allocation */
void hmap_free(struct hmap *m);
