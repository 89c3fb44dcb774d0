/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/text_table.h"

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

#define COMPACT_SIZE 8

/* --- tables --- */

/* Characters, as columns: right for all but wide and combining ones, whose
 * cost is a crooked line. */
static size_t display_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* Bytes of the first `width` characters. */
static size_t bytes_of(const char *s, size_t width)
{
	size_t i = 0;

	for (; s[i]; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80 && !width--)
			break;
	return i;
}

static void pad(FILE *out, size_t n)
{
	fprintf(out, "%*s", (int)n, "");
}

static void put_cell(FILE *out, const struct text_column *c, const char *text, bool last)
{
	size_t width = display_width(text);

	/* A cut number would be another number. */
	if (width > c->width && !last && c->align == ALIGN_LEFT) {
		fprintf(out, "%.*s", (int)bytes_of(text, c->width), text);
		return;
	}
	if (c->align == ALIGN_RIGHT && width < c->width)
		pad(out, c->width - width);
	fputs(text, out);
	if (c->align == ALIGN_LEFT && width < c->width && !last)
		pad(out, c->width - width);
}

static void put_groups(const struct text_table *t, FILE *out)
{
	size_t at = 0, start = t->indent;
	bool any = false;

	for (size_t i = 0; i < t->n_columns; i++) {
		const char *group = t->columns[i].group;

		if (group && start >= at) {
			pad(out, start - at);
			fputs(group, out);
			at = start + strlen(group);
			any = true;
		}
		start += t->columns[i].width + 1;
	}
	if (any)
		fputc('\n', out);
}

void text_table__head(const struct text_table *t, FILE *out)
{
	put_groups(t, out);
	pad(out, t->indent);
	for (size_t i = 0; i < t->n_columns; i++) {
		if (i)
			fputc(' ', out);
		put_cell(out, &t->columns[i], t->columns[i].title, i + 1 == t->n_columns);
	}
	fputc('\n', out);
}

void text_table__rows(const struct text_table *t, FILE *out, const void *rows, size_t n)
{
	for (size_t row = 0; row < n; row++) {
		pad(out, t->indent);
		for (size_t i = 0; i < t->n_columns; i++) {
			char cell[CELL_SIZE] = "";

			t->columns[i].get(cell, (const char *)rows + row * t->row_size);
			if (i)
				fputc(' ', out);
			put_cell(out, &t->columns[i], cell, i + 1 == t->n_columns);
		}
		fputc('\n', out);
	}
}

/* --- prose --- */

void text_section(FILE *out, const char *title)
{
	fprintf(out, "\n%s\n", title);
}

/* The next line of at most `width` columns: its length in bytes, and where the
 * one after it starts. A word that is longer than a line is cut. */
static size_t line_length(const char *s, size_t width, size_t *ret_next)
{
	size_t max = bytes_of(s, width), end = max;

	if (s[max]) {
		while (end && s[end] != ' ')
			end--;
		if (!end)
			end = max;
	}
	*ret_next = end + strspn(s + end, " ");
	while (end && s[end - 1] == ' ')
		end--;
	return end;
}

void text_paragraph(FILE *out, const char *lead, const char *text)
{
	size_t size = 4 * strlen(text) + 1, indent = strlen(lead), next;
	_cleanup_free_ char *safe = malloc(size);
	const char *s;

	if (!safe) {
		fprintf(out, "%s(out of memory)\n", lead);
		return;
	}
	s = safe_text(safe, size, text, strlen(text));
	fprintf(out, "%.*s", (int)(s[strspn(s, " ")] ? indent : strcspn(lead, " ")), lead);
	do {
		size_t len = line_length(s, TEXT_WIDTH - indent, &next);

		fprintf(out, "%.*s\n", (int)len, s);
		s += next;
		if (*s)
			pad(out, indent);
	} while (*s);
}

/* --- numbers --- */

/* Two digits are enough for a number that is approximate, and leave room to say so. */
static void compact(char dst[static COMPACT_SIZE], const char *sign, uint64_t bytes, bool approx)
{
	static const char units[] = "KMGTPE";
	const double round_up = approx ? 0.05 : 0.005;
	double n = (double)bytes;
	size_t unit = 0;
	int decimals = approx ? 1 : 2;

	if (bytes < 1000) {
		snprintf(dst, COMPACT_SIZE, "%s%u", sign, (unsigned int)bytes);
		return;
	}
	for (n /= 1024; n >= 999.5 && unit < sizeof(units) - 2; n /= 1024)
		unit++;
	for (double limit = 10 - round_up; decimals && n >= limit; limit = 100 - 10 * round_up)
		decimals--;
	snprintf(dst, COMPACT_SIZE, "%s%.*f%c", sign, decimals, n, units[unit]);
}

static const char *sign_of(int64_t n)
{
	return n < 0 ? "-" : n ? "+" : "";
}

static uint64_t magnitude(int64_t n)
{
	return n < 0 ? -(uint64_t)n : (uint64_t)n;
}

void cell_bytes(char cell[static CELL_SIZE], bool approx, uint64_t bytes)
{
	char text[COMPACT_SIZE];

	compact(text, "", bytes, approx);
	snprintf(cell, CELL_SIZE, "%s%s", approx ? "~" : "", text);
}

void cell_delta(char cell[static CELL_SIZE], bool approx, int64_t bytes)
{
	char text[COMPACT_SIZE];

	compact(text, sign_of(bytes), magnitude(bytes), approx);
	snprintf(cell, CELL_SIZE, "%s%s", approx ? "~" : "", text);
}

void cell_span_end(char cell[static CELL_SIZE], const struct span *s)
{
	if (s->known)
		cell_bytes(cell, s->approx, s->end);
	else
		cell_unknown(cell);
}

void cell_span_delta(char cell[static CELL_SIZE], const struct span *s)
{
	if (s->known)
		cell_delta(cell, s->approx, span_delta(*s));
	else
		cell_unknown(cell);
}

void cell_unknown(char cell[static CELL_SIZE])
{
	snprintf(cell, CELL_SIZE, "?");
}
