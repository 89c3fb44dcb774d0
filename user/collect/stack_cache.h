/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks of one process that were walked already, found again by what decided
 * the walk: where the code was, and each return address where it was on the
 * stack. Comparing takes a microsecond, walking a thousand.
 */
#pragma once

#include "base/hmap.h"
#include "collect/unwind.h"

struct cached_stack {
	uint64_t pc, link;
	uint32_t leaf;
	bool complete;
	uint32_t n_words, first_word; /* in words */
	uint32_t next;		      /* of the same pc and link, + 1; 0: last */
};

struct stack_cache {
	VEC(struct cached_stack) v;
	VEC(struct unwind_word) words;
	struct hmap index;
};

/* NULL: not walked before. */
const struct cached_stack *stack_cache__find(const struct stack_cache *c,
					     const struct mt_sample *s);
/* Emptied when it gets too large. A result that is not repeatable is not kept. 0 or -ENOMEM. */
int stack_cache__add(struct stack_cache *c, const struct mt_sample *s,
		     const struct unwind_result *r, uint32_t leaf);
void stack_cache__clear(struct stack_cache *c);
void stack_cache__free(struct stack_cache *c);
