/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel pages by what they are for, for people. */
#include <string.h>

#include "base/str.h"
#include "sink/text_part.h"
#include "sink/text_table.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

static void get_name(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%s", ((const struct report_kernel_class *)row)->name);
}

static void get_bytes(char cell[static CELL_SIZE], uint64_t bytes)
{
	char text[HUMAN_BYTES_SIZE];

	snprintf(cell, CELL_SIZE, "%s", human_bytes(text, bytes));
}

static void get_live(char cell[static CELL_SIZE], const void *row)
{
	get_bytes(cell, ((const struct report_kernel_class *)row)->live_bytes);
}

static void get_error(char cell[static CELL_SIZE], const void *row)
{
	get_bytes(cell, ((const struct report_kernel_class *)row)->error_bytes);
}

static void get_change(char cell[static CELL_SIZE], const struct report_kernel_class *c,
		       int64_t bytes)
{
	char text[HUMAN_BYTES_SIZE];

	snprintf(cell, CELL_SIZE, "%s", c->line_known ? human_delta(text, bytes) : "?");
}

static void get_delta(char cell[static CELL_SIZE], const void *row)
{
	const struct report_kernel_class *c = row;

	get_change(cell, c, c->line_delta);
}

static void get_difference(char cell[static CELL_SIZE], const void *row)
{
	const struct report_kernel_class *c = row;

	get_change(cell, c, c->line_delta - (int64_t)c->line_bytes);
}

static void get_line(char cell[static CELL_SIZE], const void *row)
{
	const struct report_kernel_class *c = row;
	static const char slab[] = "slab", none[] = "those that no counter names";

	snprintf(cell, CELL_SIZE, "%s",
		 c->line == LEDGER_SLAB_UNRECLAIMABLE ? slab
		 : c->line == LEDGER_KERNEL_PAGES     ? none
						      : ledger_lines[c->line].title);
}

static const struct text_column columns[] = {
	{NULL, "CLASS", 24, ALIGN_LEFT, get_name},
	{NULL, "HELD", 9, ALIGN_RIGHT, get_live},
	{NULL, "+-", 9, ALIGN_RIGHT, get_error},
	{"line of the ledger", "CHANGE", 10, ALIGN_RIGHT, get_delta},
	{NULL, "BESIDE IT", 10, ALIGN_RIGHT, get_difference},
	{NULL, "LINE", 27, ALIGN_LEFT, get_line},
};
static const struct text_table table = {columns, N_ELEMS(columns),
					sizeof(struct report_kernel_class), 0};

static void get_module(char cell[static CELL_SIZE], const void *row)
{
	const char *name = ((const struct report_kernel_module *)row)->name;

	safe_text(cell, CELL_SIZE, name, strlen(name));
}

static void get_module_live(char cell[static CELL_SIZE], const void *row)
{
	get_bytes(cell, ((const struct report_kernel_module *)row)->live_bytes);
}

static void get_module_error(char cell[static CELL_SIZE], const void *row)
{
	get_bytes(cell, ((const struct report_kernel_module *)row)->error_bytes);
}

static void get_module_slab(char cell[static CELL_SIZE], const void *row)
{
	get_bytes(cell, ((const struct report_kernel_module *)row)->slab_bytes);
}

static void get_module_paths(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%llu",
		 (unsigned long long)((const struct report_kernel_module *)row)->paths);
}

static const struct text_column module_columns[] = {
	{NULL, "MODULE", 24, ALIGN_LEFT, get_module},
	{NULL, "HELD", 9, ALIGN_RIGHT, get_module_live},
	{NULL, "+-", 9, ALIGN_RIGHT, get_module_error},
	{"of it", "SLAB", 9, ALIGN_RIGHT, get_module_slab},
	{NULL, "PATHS", 6, ALIGN_RIGHT, get_module_paths},
};
static const struct text_table module_table = {module_columns, N_ELEMS(module_columns),
					       sizeof(struct report_kernel_module), 0};

static void text_modules(const struct report *r, FILE *out)
{
	if (!r->kernel_modules.n)
		return;
	text_section(out, "KERNEL MEMORY TAKEN SINCE THE START, BY THE MODULE THAT ASKED");
	text_table__head(&module_table, out);
	text_table__rows(&module_table, out, r->kernel_modules.v, r->kernel_modules.n);
}

void text_classes(const struct report *r, FILE *out)
{
	if (!r->kernel_classes.n) {
		text_modules(r, out); /* slab objects only */
		return;
	}
	text_section(out, "KERNEL PAGES TAKEN SINCE THE START, BY WHAT THEY ARE FOR");
	text_table__head(&table, out);
	text_table__rows(&table, out, r->kernel_classes.v, r->kernel_classes.n);
	text_paragraph(out, "",
		       "BESIDE IT: what the line changed by and the samples of all its classes do "
		       "not tell: chance (+-), pages taken before the start and freed since, pages "
		       "the kernel keeps for the next one. Objects of slab caches are within these "
		       "pages, not to be added.");
	text_modules(r, out);
}
