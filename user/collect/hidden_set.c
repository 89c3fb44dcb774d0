/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/hidden_set.h"

#include <stdio.h>

#define ROWS_OF_KIND_MAX 64

/* FNV-1a */
static uint64_t hash(const char *s, size_t size)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < size && s[i]; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3ull;
	return h;
}

int hidden_set__add(struct hidden_set *s, const struct hidden_sample *sample)
{
	const struct hmap_key key = {{(uint64_t)sample->kind << 32 | sample->id.pid,
				      sample->id.start_ticks,
				      hash(sample->name, sizeof(sample->name))}};
	struct hidden_sample *old;
	uint32_t i;
	int err;

	if (hmap_get(&s->index, key, &i)) {
		old = &s->list.v[i];
		old->count += sample->count;
		if (__builtin_add_overflow(old->bytes, sample->bytes, &old->bytes))
			old->bytes = UINT64_MAX;
		return 0;
	}
	err = vec_push(&s->list, *sample);
	return err ? err : hmap_put(&s->index, key, (uint32_t)s->list.n - 1);
}

static int compare(const void *a, const void *b)
{
	const struct hidden_sample *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

void hidden_set__fold(struct hidden_set *s)
{
	struct hidden_list *l = &s->list;
	size_t kept = 0, of_kind = 0;

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), compare);
	for (size_t i = 0; i < l->n; i++) {
		of_kind = kept && l->v[kept - 1].kind == l->v[i].kind ? of_kind + 1 : 0;
		if (of_kind < ROWS_OF_KIND_MAX) {
			l->v[kept++] = l->v[i];
		} else if (of_kind == ROWS_OF_KIND_MAX) {
			struct hidden_sample others = {.kind = l->v[i].kind,
						       .certainty = l->v[i].certainty,
						       .bytes = l->v[i].bytes,
						       .count = l->v[i].count};

			snprintf(others.name, sizeof(others.name), "others");
			l->v[kept++] = others;
		} else {
			l->v[kept - 1].bytes += l->v[i].bytes;
			l->v[kept - 1].count += l->v[i].count;
		}
	}
	l->n = kept;
}

void hidden_set__clear(struct hidden_set *s)
{
	s->list.n = 0;
	hmap_clear(&s->index);
}

void hidden_set__free(struct hidden_set *s)
{
	vec_free(&s->list);
	hmap_free(&s->index);
}
