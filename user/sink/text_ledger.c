/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ledger for people: lines that add up to MemTotal, and below a line who holds it. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/when.h"
#include "sink/text_part.h"
#include "sink/text_table.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

/* Lines that hold less than this share of memory and did not move are one row together. */
#define SMALL_PERMILLE 5
#define MOVED_MIN (64 << 10)
/* Holders below their line: so many, and no smaller ones. */
#define HOLDERS_MAX 4
#define HOLDER_MIN (1 << 20)
/* Call paths below those. */
#define PATHS_MAX 3

struct row {
	char title[160];
	bool start_known;
	uint64_t start, end;
};

struct rows {
	struct row *v;
	size_t n, cap;
};

static void get_title(char cell[static CELL_SIZE], const void *row)
{
	const struct row *r = row;

	snprintf(cell, CELL_SIZE, "%.*s", CELL_SIZE - 1, r->title);
}

static void get_start(char cell[static CELL_SIZE], const void *row)
{
	const struct row *r = row;
	char bytes[HUMAN_BYTES_SIZE];

	snprintf(cell, CELL_SIZE, "%s", r->start_known ? human_bytes(bytes, r->start) : "?");
}

static void get_end(char cell[static CELL_SIZE], const void *row)
{
	char bytes[HUMAN_BYTES_SIZE];

	snprintf(cell, CELL_SIZE, "%s", human_bytes(bytes, ((const struct row *)row)->end));
}

static int64_t change(const struct row *r)
{
	return (int64_t)(r->end - r->start);
}

static uint64_t magnitude(int64_t n)
{
	return n < 0 ? -(uint64_t)n : (uint64_t)n;
}

static void get_change(char cell[static CELL_SIZE], const void *row)
{
	char bytes[HUMAN_BYTES_SIZE];

	snprintf(cell, CELL_SIZE, "%s", human_delta(bytes, change(row)));
}

static const struct text_column columns[] = {
	{NULL, "LINE", 58, ALIGN_LEFT, get_title},
	{NULL, "START", 10, ALIGN_RIGHT, get_start},
	{NULL, "END", 10, ALIGN_RIGHT, get_end},
	{NULL, "CHANGE", 10, ALIGN_RIGHT, get_change},
};
static const struct text_table table = {columns, N_ELEMS(columns), sizeof(struct row), 0};

/* "  tcpdump (pid 812), 1 rings" */
static struct row holder_row(const struct report_hidden *h)
{
	const struct hidden_sample *s = &h->last;
	const struct hidden_kind_def *def = &hidden_kinds[s->kind];
	static const char *const about[_HIDDEN_CERTAINTY_MAX] = {
		[HIDDEN_AT_LEAST] = ">= ", [HIDDEN_AT_MOST] = "<= ", [HIDDEN_ESTIMATE] = "~ "};
	struct row row = {.start_known = h->start_known, .start = h->start, .end = h->end};
	char name[40], comm[COMM_SIZE * 2], who[64] = "", count[48] = "";

	safe_text(name, sizeof(name), s->name, sizeof(s->name));
	safe_text(comm, sizeof(comm), s->comm, sizeof(s->comm));
	if (s->id.pid)
		snprintf(who, sizeof(who), "%s%s (pid %u%s)", *name ? ", " : "", *comm ? comm : "?",
			 s->id.pid, s->is_left ? ", ended" : "");
	if (def->counts && h->end_count)
		snprintf(count, sizeof(count), ", %llu %s", (unsigned long long)h->end_count,
			 def->counts);
	snprintf(row.title, sizeof(row.title), "  %s%s%s%s",
		 about[s->certainty] ? about[s->certainty] : "", name, who, count);
	return row;
}

static bool is_small(const struct report *r, const struct report_ledger_line *l)
{
	uint64_t small = r->total.mem_total / 1000 * SMALL_PERMILLE;

	return magnitude((int64_t)(l->end - l->start)) < MOVED_MIN && l->start < small &&
	       l->end < small && l->line != LEDGER_UNNAMED;
}

/* The report has them by line, most grown first. */
static int add_holders(const struct report *r, enum ledger_line line, struct rows *rows)
{
	int n = 0, err = 0;

	vec_for_each(h, &r->hidden) {
		bool moved = magnitude((int64_t)(h->end - h->start)) >= HOLDER_MIN;

		if (hidden_kinds[h->last.kind].line != line || !moved || n++ >= HOLDERS_MAX)
			continue;
		err = err ? err : vec_push(rows, holder_row(h));
	}
	return err;
}

/* "  asked by leak_pages [leaker], insmod (pid 812)" */
static struct row path_row(const struct report_path *p)
{
	struct row row = {.start_known = true, .start = p->start_bytes, .end = p->live_bytes};
	const char *function = p->asker < p->frames.n ? p->frames.v[p->asker].function : NULL;
	char name[40], driver[24] = "", comm[COMM_SIZE * 2], who[56] = "interrupts";

	safe_text(name, sizeof(name), function ? function : "?", 39);
	if (p->driver)
		safe_text(driver, sizeof(driver), p->driver, 23);
	safe_text(comm, sizeof(comm), p->comm, sizeof(p->comm));
	if (p->id.pid)
		snprintf(who, sizeof(who), "%s (pid %u)", comm, p->id.pid);
	else if (*comm)
		snprintf(who, sizeof(who), "several %s", comm);
	snprintf(row.title, sizeof(row.title), "  asked by %s%s%s%s, %s", name,
		 p->driver ? " [" : "", driver, p->driver ? "]" : "", who);
	return row;
}

/* Sampled: those that chance cannot have made. The report has the largest first. */
static int add_paths(const struct report *r, enum ledger_line line, struct rows *rows)
{
	int n = 0, err = 0;

	vec_for_each(p, &r->paths)
		if (report_path__is_of_line(p, line) && p->growth_bytes >= HOLDER_MIN &&
		    (uint64_t)p->growth_bytes > p->error_bytes && n++ < PATHS_MAX)
			err = err ? err : vec_push(rows, path_row(p));
	return err;
}

static int add_rows(const struct report *r, struct rows *rows)
{
	struct row small = {.start_known = true}, total = {.title = "= MemTotal"};
	size_t n_small = 0;
	int err = 0;

	total.start_known = true;
	vec_for_each(l, &r->ledger) {
		struct row row = {.start_known = true, .start = l->start, .end = l->end};

		total.start += l->start;
		total.end += l->end;
		if (is_small(r, l)) {
			n_small += l->start || l->end;
			small.start += l->start;
			small.end += l->end;
			continue;
		}
		snprintf(row.title, sizeof(row.title), "%s", ledger_lines[l->line].title);
		err = err ? err : vec_push(rows, row);
		if (!err)
			err = add_holders(r, l->line, rows);
		if (!err && l->end > l->start)
			err = add_paths(r, l->line, rows);
	}
	snprintf(small.title, sizeof(small.title), "%zu smaller lines, unchanged", n_small);
	if (!err && n_small)
		err = vec_push(rows, small);
	return err ? err : vec_push(rows, total);
}

static void say_total(const struct report *r, FILE *out)
{
	char available[HUMAN_BYTES_SIZE], rest[HUMAN_BYTES_SIZE], locked[HUMAN_BYTES_SIZE];
	char time[UTC_TIME_SIZE], taken[HUMAN_BYTES_SIZE];
	struct strbuf b = {0};

	if (r->available.known)
		strbuf_addf(&b, "MemAvailable %s",
			    human_delta(available, span_delta(r->available)));
	if (r->total.explained_known)
		strbuf_addf(&b, "%s%s taken, %u.%u %% of it explained", b.len ? "; " : "",
			    human_bytes(taken, r->total.taken), r->total.explained_permille / 10,
			    r->total.explained_permille % 10);
	strbuf_addf(&b, "%sunexplained: %s", b.len ? "; " : "",
		    human_delta(rest, r->total.unexplained));
	if (magnitude(r->total.locked) >= HOLDER_MIN)
		strbuf_addf(&b, "; cache that is not available (locked, reserves): %s",
			    human_delta(locked, r->total.locked));
	strbuf_addf(&b, ". Indented: who holds some of the line above, and who asked for it (by "
			"samples)");
	if (r->n_hidden_reads)
		strbuf_addf(&b, ", looked up %llu time%s, last at %.19sZ",
			    (unsigned long long)r->n_hidden_reads,
			    r->n_hidden_reads == 1 ? "" : "s", utc_time(time, r->hidden_ns));
	if (b.s)
		text_paragraph(out, "", b.s);
	strbuf_free(&b);
}

void text_ledger(const struct report *r, FILE *out)
{
	struct rows rows = {0};

	text_section(out, "WHERE THE MACHINE'S MEMORY IS");
	if (!r->total.ledger_known) {
		fputs("not known\n", out);
		return;
	}
	if (add_rows(r, &rows)) {
		fputs("(out of memory)\n", out);
	} else {
		text_table__head(&table, out);
		text_table__rows(&table, out, rows.v, rows.n);
		say_total(r, out);
	}
	vec_free(&rows);
}
