/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and paragraphs for a terminal of TEXT_WIDTH columns. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "model/report.h"

#define TEXT_WIDTH 100

#define CELL_SIZE 96

struct text_column {
	const char *group; /* over the first column of several; NULL: none */
	const char *title;
	unsigned int width; /* longer text is cut, except in the last column; numbers never are */
	enum text_align {
		ALIGN_RIGHT,
		ALIGN_LEFT,
	} align;
	/* Text of the row's cell, safe for a terminal. */
	void (*get)(char cell[static CELL_SIZE], const void *row);
};

struct text_table {
	const struct text_column *columns;
	size_t n_columns;
	size_t row_size;
	unsigned int indent;
};

void text_table__head(const struct text_table *t, FILE *out);
void text_table__rows(const struct text_table *t, FILE *out, const void *rows, size_t n);

/* A blank line and the title of a section. */
void text_section(FILE *out, const char *title);

/* A paragraph that begins with `lead`; the lines after the first are indented
 * by its length. Makes `text` safe. */
void text_paragraph(FILE *out, const char *lead, const char *text);

/*
 * Numbers in cells. Three digits and a unit, so that a width of 6 holds them:
 * "+1.23M", "456K", "0"; "?" when not known; two digits with a "~" in front
 * when approximate.
 */
void cell_unknown(char cell[static CELL_SIZE]);
void cell_bytes(char cell[static CELL_SIZE], bool approx, uint64_t bytes);
void cell_delta(char cell[static CELL_SIZE], bool approx, int64_t bytes);
void cell_span_end(char cell[static CELL_SIZE], const struct span *s);
void cell_span_delta(char cell[static CELL_SIZE], const struct span *s);
