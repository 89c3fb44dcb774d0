/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/stack_cache.h"

#include <string.h>

#define WORDS_MAX 65536 /* 1 MiB */
#define STACKS_MAX 4096

static struct hmap_key key_of(const struct mt_sample *s)
{
	return (struct hmap_key){{sample_pc(s), sample_link(s), 0}};
}

static bool matches(const struct stack_cache *c, const struct cached_stack *k,
		    const struct mt_sample *s)
{
	for (uint32_t i = 0; i < k->n_words; i++) {
		const struct unwind_word *w = &c->words.v[k->first_word + i];
		uint64_t value;

		if (w->offset + sizeof(value) > s->stack_bytes)
			return false;
		memcpy(&value, s->stack + w->offset, sizeof(value));
		if (value != w->value)
			return false;
	}
	return true;
}

const struct cached_stack *stack_cache__find(const struct stack_cache *c, const struct mt_sample *s)
{
	uint32_t i;

	if (!hmap_get(&c->index, key_of(s), &i))
		return NULL;
	for (i++; i; i = c->v.v[i - 1].next)
		if (matches(c, &c->v.v[i - 1], s))
			return &c->v.v[i - 1];
	return NULL;
}

int stack_cache__add(struct stack_cache *c, const struct mt_sample *s,
		     const struct unwind_result *r, uint32_t leaf)
{
	struct cached_stack k = {
		.pc = sample_pc(s),
		.link = sample_link(s),
		.leaf = leaf,
		.complete = r->end == UNWIND_WHOLE,
		.n_words = r->n_words,
	};
	uint32_t before;
	int err;

	if (!r->repeatable || r->end != UNWIND_WHOLE)
		return 0;
	if (c->v.n >= STACKS_MAX || c->words.n + r->n_words > WORDS_MAX)
		stack_cache__clear(c);
	k.first_word = c->words.n;
	if (hmap_get(&c->index, key_of(s), &before))
		k.next = before + 1;
	err = vec_reserve(&c->words, c->words.n + r->n_words);
	if (!err)
		err = vec_push(&c->v, k);
	if (!err)
		err = hmap_put(&c->index, key_of(s), c->v.n - 1);
	if (err)
		return err;
	memcpy(c->words.v + c->words.n, r->word, r->n_words * sizeof(*r->word));
	c->words.n += r->n_words;
	return 0;
}

void stack_cache__clear(struct stack_cache *c)
{
	c->v.n = c->words.n = 0;
	hmap_clear(&c->index);
}

void stack_cache__free(struct stack_cache *c)
{
	vec_free(&c->v);
	vec_free(&c->words);
	hmap_free(&c->index);
}
