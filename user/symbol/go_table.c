/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/go_table.h"

#include <errno.h>
#include <string.h>

/*
 * Words after the eight bytes that all have (magic, two zeroes, instruction
 * quantum, word size), as Go's src/debug/gosym/pclntab.go reads them:
 *
 *   1.2    functions; at once the function table, whose offsets are the table's
 *   1.16   functions, files, offsets of names, units, files, pcs, functions
 *   1.18   the same with the start of the text after the files; the function
 *   1.20   table is of 32-bit offsets from it
 */
enum go_magic {
	GO_1_2 = 0xfffffffb,
	GO_1_16 = 0xfffffffa,
	GO_1_18 = 0xfffffff0,
	GO_1_20 = 0xfffffff1,
};

#define HEADER_SIZE 8
#define NAME_MAX_BYTES 4096
#define FUNCTIONS_MAX (4u << 20)

struct layout {
	const struct go_table *table;
	size_t word;	/* size of an address */
	size_t field;	/* of the function table: an address or an offset from text */
	uint64_t count; /* functions */
	uint64_t text, names, functions;
};

/* A little-endian number of the table. */
static bool number_at(const struct go_table *t, uint64_t at, size_t size, uint64_t *ret)
{
	const unsigned char *p = t->data;

	if (at > t->size || size > t->size - at)
		return false;
	*ret = 0;
	for (size_t i = size; i-- > 0;)
		*ret = *ret << 8 | p[at + i];
	return true;
}

static bool word_at(const struct layout *l, unsigned int i, uint64_t *ret)
{
	return number_at(l->table, HEADER_SIZE + i * l->word, l->word, ret);
}

static bool read_magic(const struct go_table *t, uint64_t *ret_magic, size_t *ret_word)
{
	uint64_t zero, quantum, word;

	if (!number_at(t, 0, 4, ret_magic) || !number_at(t, 4, 2, &zero) ||
	    !number_at(t, 6, 1, &quantum) || !number_at(t, 7, 1, &word))
		return false;
	*ret_word = word;
	return !zero && (quantum == 1 || quantum == 2 || quantum == 4) && (word == 4 || word == 8);
}

static bool read_layout(const struct go_table *t, struct layout *l)
{
	uint64_t magic;

	*l = (struct layout){.table = t};
	if (!read_magic(t, &magic, &l->word) || !word_at(l, 0, &l->count))
		return false;
	l->field = l->word;
	switch (magic) {
	case GO_1_2:
		l->functions = HEADER_SIZE + l->word;
		return true;
	case GO_1_16:
		return word_at(l, 2, &l->names) && word_at(l, 6, &l->functions);
	case GO_1_18:
	case GO_1_20:
		l->field = 4;
		if (!word_at(l, 2, &l->text) || !word_at(l, 3, &l->names) ||
		    !word_at(l, 7, &l->functions))
			return false;
		if (!l->text)
			l->text = t->text_start;
		return l->text != 0;
	default:
		return false;
	}
}

size_t go_table__text_word(const struct go_table *t)
{
	uint64_t magic;
	size_t word;

	if (!read_magic(t, &magic, &word) || (magic != GO_1_18 && magic != GO_1_20))
		return 0;
	return HEADER_SIZE + 2 * word;
}

/* NULL: it has no end where it should, or is empty. */
static const char *name_at(const struct layout *l, uint64_t at)
{
	const char *name = (const char *)l->table->data + at;
	size_t left;

	if (at >= l->table->size)
		return NULL;
	left = l->table->size - at;
	if (left > NAME_MAX_BYTES)
		left = NAME_MAX_BYTES;
	return *name && memchr(name, '\0', left) ? name : NULL;
}

/* Entry i of the function table: where the function begins, and where more is told of it. The last
 * one has no more than its begin: the end of the text. */
static bool entry_at(const struct layout *l, uint64_t i, uint64_t *ret_start, uint64_t *ret_more)
{
	uint64_t at = l->functions + 2 * l->field * i;

	if (!number_at(l->table, at, l->field, ret_start))
		return false;
	*ret_start += l->text;
	*ret_more = 0;
	return i == l->count || number_at(l->table, at + l->field, l->field, ret_more);
}

/* In 1.2 all offsets are the table's. */
static const char *function_name(const struct layout *l, uint64_t more)
{
	uint64_t base = l->names ? l->functions : 0, offset;

	if (more > l->table->size || !number_at(l->table, base + more + l->field, 4, &offset))
		return NULL;
	return name_at(l, l->names + offset);
}

int go_table__add_to(const struct go_table *t, struct function_table *to)
{
	uint64_t start, next, more, after;
	struct layout l;

	if (!read_layout(t, &l) || !l.count || l.count > FUNCTIONS_MAX || l.functions > t->size ||
	    l.names > t->size || !entry_at(&l, 0, &start, &more))
		return -ENOEXEC;
	for (uint64_t i = 0; i < l.count; i++, start = next, more = after) {
		struct function_symbol f = {.start = start, .binding = FUNCTION_GLOBAL};

		/* They are in order, or it is no such table. */
		if (!entry_at(&l, i + 1, &next, &after) || next < start)
			return -ENOEXEC;
		f.name = function_name(&l, more);
		f.size = next - start;
		if (!f.name)
			return -ENOEXEC;
		if (f.size && function_table__add(to, &f))
			return -ENOMEM;
	}
	return 0;
}
