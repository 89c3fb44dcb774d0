/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the analysis's sections. */
#pragma once

#include <string.h>

#include "base/str.h"
#include "model/report_analysis.h"
#include "sink/text_part.h"
#include "sink/text_table.h"

/* Rows of a list; JSON has all. */
#define ROWS_MAX 12

static inline void comm_cell(char cell[static CELL_SIZE], const char comm[static COMM_SIZE])
{
	safe_text(cell, CELL_SIZE, comm, COMM_SIZE);
	if (!*cell)
		cell_unknown(cell);
}

static inline void put_more(FILE *out, size_t n)
{
	if (n > ROWS_MAX)
		fprintf(out, "and %zu more: see --format json\n", n - ROWS_MAX);
}

static inline size_t at_most(size_t n)
{
	return n < ROWS_MAX ? n : ROWS_MAX;
}

/* The reason why a part is not there; false: it is. */
static inline bool is_missing(const struct report_analysis *a, enum analysis_part part, FILE *out)
{
	const struct analysis_note *note = analysis__note(&a->now, part);

	if (!note)
		fputs("not looked at\n", out);
	else if (note->error)
		fprintf(out, "not known: %s\n", strerror((int)note->error));
	return !note || note->error;
}

void text_analysis_shared(const struct report *r, FILE *out);
