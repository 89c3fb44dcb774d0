/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of a symbol table, to be found by address. An address that no
 * symbol is known to cover has no name: the nearest one before it would be a
 * guess. All zero is empty.
 */
#pragma once

#include <stdbool.h>

#include "symbol/range_map.h"

enum function_binding { FUNCTION_GLOBAL, FUNCTION_WEAK, FUNCTION_LOCAL };

struct function_symbol {
	const char *name; /* borrowed */
	uint64_t start, size;
	uint64_t limit; /* a symbol without a size reaches to the next one, and never beyond this
			   (the end of its section); 0: nobody knows how far */
	enum function_binding binding;
};

struct function_table {
	VEC(struct function_symbol) functions;
	struct range_map ranges;
};

int function_table__add(struct function_table *t, const struct function_symbol *f);
/* After the last one was added. 0 or -ENOMEM. */
int function_table__sort(struct function_table *t);
/* Its name; NULL: none. Of aliases the one that a person would call it by. */
const char *function_table__find(const struct function_table *t, uint64_t addr);
void function_table__free(struct function_table *t);
