/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/strings.h"

#include <string.h>

/* FNV-1a, 64 bits */
static uint64_t hash(const char *s, uint64_t h)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3ULL;
	return h;
}

const char *strings__keep(struct strings *t, const char *s)
{
	struct hmap_key key;
	uint32_t i;
	char *copy;

	if (!s)
		return NULL;
	key = (struct hmap_key){{hash(s, 0xcbf29ce484222325ULL), strlen(s), 0}};
	/* Another string of the same hash gets the next key. */
	for (; hmap_get(&t->index, key, &i); key.w[2]++)
		if (!strcmp(t->all.v[i], s))
			return t->all.v[i];
	copy = strdup(s);
	if (!copy || vec_push(&t->all, copy)) {
		free(copy);
		return NULL;
	}
	if (hmap_put(&t->index, key, t->all.n - 1)) {
		t->all.n--;
		free(copy);
		return NULL;
	}
	return copy;
}

void strings__free(struct strings *t)
{
	vec_for_each(s, &t->all)
		free(*s);
	vec_free(&t->all);
	hmap_free(&t->index);
}
