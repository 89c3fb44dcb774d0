/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ones that stand out have mapped, by class; shared against private. */
#include "sink/text_part.h"

#include <string.h>

#include "base/str.h"
#include "model/report_analysis.h"
#include "sink/text_table.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

#define PROCESSES_MAX 6

/* A class at the end, and what it was at the start. */
struct row {
	struct mapping_sample now;
	bool before_known;
	uint64_t rss_before;
};

static const struct row *row_of(const void *row)
{
	return row;
}

static void get_class(char cell[static CELL_SIZE], const void *row)
{
	enum mapping_class class = row_of(row)->now.class;

	snprintf(cell, CELL_SIZE, "%s",
		 (unsigned int)class < _MAPPING_CLASS_MAX ? mapping_class_names[class] : "?");
}

static void get_n(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%u", row_of(row)->now.n);
}

#define GET(member)                                                                                \
	static void get_##member(char cell[static CELL_SIZE], const void *row)                     \
	{                                                                                          \
		cell_bytes(cell, false, row_of(row)->now.member);                                  \
	}
GET(size)
GET(rss)
GET(pss)
GET(private_dirty)
GET(swap)
GET(huge)

static void get_private_clean(char cell[static CELL_SIZE], const void *row)
{
	cell_bytes(cell, false, row_of(row)->now.private_clean);
}

static void get_shared(char cell[static CELL_SIZE], const void *row)
{
	cell_bytes(cell, false, row_of(row)->now.shared_clean + row_of(row)->now.shared_dirty);
}

static void get_change(char cell[static CELL_SIZE], const void *row)
{
	if (row_of(row)->before_known)
		cell_delta(cell, false, (int64_t)(row_of(row)->now.rss - row_of(row)->rss_before));
	else
		cell_unknown(cell);
}

static void get_largest(char cell[static CELL_SIZE], const void *row)
{
	const struct mapping_sample *m = &row_of(row)->now;
	char name[64];

	if (*m->name && m->class != MAPPING_HEAP && m->class != MAPPING_STACK)
		snprintf(cell, CELL_SIZE, "%s",
			 safe_text(name, sizeof(name), m->name, sizeof(m->name)));
}

static const struct text_column columns[] = {
	{NULL, "CLASS", 13, ALIGN_LEFT, get_class},
	{NULL, "N", 4, ALIGN_RIGHT, get_n},
	{NULL, "SIZE", 6, ALIGN_RIGHT, get_size},
	{NULL, "RSS", 6, ALIGN_RIGHT, get_rss},
	{NULL, "+RSS", 6, ALIGN_RIGHT, get_change},
	{NULL, "PSS", 6, ALIGN_RIGHT, get_pss},
	{"private", "DIRTY", 6, ALIGN_RIGHT, get_private_dirty},
	{NULL, "CLEAN", 6, ALIGN_RIGHT, get_private_clean},
	{NULL, "SHARED", 6, ALIGN_RIGHT, get_shared},
	{NULL, "SWAP", 6, ALIGN_RIGHT, get_swap},
	{NULL, "THP", 6, ALIGN_RIGHT, get_huge},
	{NULL, "LARGEST", 16, ALIGN_LEFT, get_largest},
};
static const struct text_table table = {columns, N_ELEMS(columns), sizeof(struct row), 2};

/* "82 %": a share of what is resident. */
static void share(char dst[static 8], uint64_t part, uint64_t whole)
{
	if (whole)
		snprintf(dst, 8, "%u %%",
			 (unsigned int)(100.0 * (double)part / (double)whole + 0.5));
	else
		snprintf(dst, 8, "?");
}

static void put_head(const struct report_consumer *c, FILE *out)
{
	const struct mapping_sample *s = &c->sum;
	uint64_t private_bytes = s->private_clean + s->private_dirty;
	char comm[4 * COMM_SIZE], rss[HUMAN_BYTES_SIZE], pss[HUMAN_BYTES_SIZE];
	char uss[HUMAN_BYTES_SIZE], shared[HUMAN_BYTES_SIZE], ratio[8];

	share(ratio, private_bytes, s->rss);
	fprintf(out, "%s (pid %u, uid %u): RSS %s, PSS %s; private %s (%s), shared %s\n",
		safe_text(comm, sizeof(comm), c->comm, COMM_SIZE), c->id.pid, c->uid,
		human_bytes(rss, s->rss), human_bytes(pss, s->pss), human_bytes(uss, private_bytes),
		ratio, human_bytes(shared, s->shared_clean + s->shared_dirty));
	if (c->cgroup)
		text_paragraph(out, "  cgroup: ", c->cgroup);
}

static void put_classes(const struct report_analysis *a, const struct report_consumer *c, FILE *out)
{
	struct row rows[_MAPPING_CLASS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < c->n_mappings && n < _MAPPING_CLASS_MAX; i++) {
		struct row *row = &rows[n];

		*row = (struct row){.now = a->now.mappings.v[c->first_mapping + i],
				    .before_known = c->before_known};
		for (size_t k = 0; k < c->n_before; k++)
			if (a->before.mappings.v[c->first_before + k].class == row->now.class)
				row->rss_before = a->before.mappings.v[c->first_before + k].rss;
		n += row->now.rss || row->now.swap || row->rss_before;
	}
	text_table__head(&table, out);
	text_table__rows(&table, out, rows, n);
}

/* The growing ones first: they are what the detail is read for. */
static size_t put_some(const struct report_analysis *a, bool growing, size_t n, FILE *out)
{
	vec_for_each(c, &a->consumers) {
		if (!c->mappings_known || c->grows != growing || n >= PROCESSES_MAX)
			continue;
		if (n++)
			fputc('\n', out);
		put_head(c, out);
		put_classes(a, c, out);
	}
	return n;
}

void text_analysis_maps(const struct report *r, FILE *out)
{
	const struct report_analysis *a = r->analysis;
	size_t n, n_known = 0;

	if (!a)
		return;
	text_section(out, "MAPPINGS (SMAPS) OF GROWING AND LARGE PROCESSES, SHARED AND PRIVATE");
	n = put_some(a, true, 0, out);
	n = put_some(a, false, n, out);
	vec_for_each(c, &a->consumers)
		n_known += c->mappings_known;
	if (!n)
		fputs("none could be read\n", out);
	if (n_known > n)
		fprintf(out, "\nand %zu more: see --format json\n", n_known - n);
}
