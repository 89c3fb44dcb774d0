/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of a Go program: it keeps their names for its own tracebacks in
 * a table (pclntab) that stripping leaves. Layouts of Go 1.2 to now, told by the
 * table's first word. Pure.
 */
#pragma once

#include <stddef.h>

#include "symbol/function_table.h"

struct go_table {
	const void *data; /* of the section, borrowed; names point into it */
	size_t size;
	uint64_t text_start; /* that functions are counted from where the table does not say
				(before the program was relocated, and from Go 1.26 on); 0: not
				known */
};

/* Offset in the table of the word that a relocation makes the start of the text; 0: none. */
size_t go_table__text_word(const struct go_table *t);

/* Adds its functions. 0; -ENOEXEC: not such a table, or damaged (what was added before that
 * stays); or -ENOMEM. */
int go_table__add_to(const struct go_table *t, struct function_table *to);
