/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --analyze adds to the report: what to look at first, alerts, who has most, who grows. */
#include "sink/text_part.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "base/when.h"
#include "model/report_analysis.h"
#include "sink/text_table.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

#define COMM_WIDTH 13
/* Columns of page attribution, at the end of a table. */
#define HELD_COLUMNS 3

/* --- what to look at first --- */

void text_looks(const struct report *r, FILE *out)
{
	const struct report_analysis *a = r->analysis;
	const struct limit *no_bpf = limits__find(&r->limits, "no_bpf");
	char text[LIMIT_MEANING_SIZE + 160];
	size_t n = 0;

	if (!a)
		return;
	text_section(out, "LOOK AT FIRST");
	if (!a->looks.n)
		text_paragraph(out, "", "nothing stands out; what could not be seen is at the end");
	vec_for_each(look, &a->looks) {
		char lead[16];

		snprintf(lead, sizeof(lead), "%zu. ", ++n);
		text_paragraph(out, lead, look->reason);
		text_paragraph(out, "   next: ", look->next);
	}
	if (a->n_looks_cut)
		fprintf(out, "and %zu more that press less: see the sections below\n",
			a->n_looks_cut);
	if (!a->known)
		text_paragraph(out, "",
			       "THE RUN ENDED BEFORE ITS LAST LOOK: zombies, open files, "
			       "segments and mappings are those of its start.");
	if (no_bpf) {
		snprintf(
			text, sizeof(text),
			"Without columns for what processes took and hold, and without what exited "
			"ones left: %.*s",
			LIMIT_MEANING_SIZE, no_bpf->meaning);
		text_paragraph(out, "", text);
	}
}

void text_alerts(const struct report *r, FILE *out)
{
	if (!r->analysis)
		return;
	text_section(out, "ALERTS");
	if (!r->alerts.n)
		fputs("none\n", out);
	vec_for_each(a, &r->alerts) {
		char time[UTC_TIME_SIZE], lead[80];

		snprintf(lead, sizeof(lead), "%.19sZ %-8s %-7s ", utc_time(time, a->time_ns),
			 alert_severity_names[alert_severity(a)], alert_state_names[a->state]);
		text_paragraph(out, lead, a->message);
	}
}

/* --- who has most --- */

static const struct report_consumer *consumer(const void *row)
{
	return row;
}

static void get_pid(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%u", consumer(row)->id.pid);
}

static void get_comm(char cell[static CELL_SIZE], const void *row)
{
	safe_text(cell, COMM_WIDTH + 1, consumer(row)->comm, COMM_SIZE);
}

/* With a mark for those among the first. */
static void lead_cell(char cell[static CELL_SIZE], const struct report_consumer *c,
		      enum consumer_rank rank, bool known, uint64_t bytes)
{
	bool approx = rank != RANK_PSS && rank != RANK_USS && c->last.approx & 1u << PROC_RSS;
	size_t len;

	if (known)
		cell_bytes(cell, approx, bytes);
	else
		cell_unknown(cell);
	len = strlen(cell);
	snprintf(cell + len, CELL_SIZE - len, "%s", c->leads & 1u << rank ? "*" : " ");
}

static void value_cell(char cell[static CELL_SIZE], const void *row, enum consumer_rank rank,
		       enum proc_value value)
{
	const struct report_consumer *c = row;

	lead_cell(cell, c, rank, c->last.known & 1u << value, c->last.value[value]);
}

static void get_rss(char cell[static CELL_SIZE], const void *row)
{
	value_cell(cell, row, RANK_RSS, PROC_RSS);
}

static void get_pss(char cell[static CELL_SIZE], const void *row)
{
	const struct report_consumer *c = row;

	lead_cell(cell, c, RANK_PSS, c->mappings_known, c->sum.pss);
}

static void get_uss(char cell[static CELL_SIZE], const void *row)
{
	const struct report_consumer *c = row;

	lead_cell(cell, c, RANK_USS, c->mappings_known,
		  c->sum.private_clean + c->sum.private_dirty);
}

static void get_anon(char cell[static CELL_SIZE], const void *row)
{
	value_cell(cell, row, RANK_ANON, PROC_ANON);
}

static void get_swap(char cell[static CELL_SIZE], const void *row)
{
	value_cell(cell, row, RANK_SWAP, PROC_SWAP);
}

static void get_vsz(char cell[static CELL_SIZE], const void *row)
{
	value_cell(cell, row, RANK_VSZ, PROC_VSZ);
}

static void live_cell(char cell[static CELL_SIZE], const struct attributed *a,
		      enum page_class class)
{
	if (a->known) /* below 0 only by events in flight */
		cell_bytes(cell, false, a->live[class] > 0 ? (uint64_t)a->live[class] : 0);
	else
		cell_unknown(cell);
}

static void get_user(char cell[static CELL_SIZE], const void *row)
{
	live_cell(cell, &consumer(row)->attributed, PAGES_USER);
}

static void get_cache(char cell[static CELL_SIZE], const void *row)
{
	live_cell(cell, &consumer(row)->attributed, PAGES_FILE);
}

static void get_kernel(char cell[static CELL_SIZE], const void *row)
{
	live_cell(cell, &consumer(row)->attributed, PAGES_KERNEL);
}

static const struct text_column consumer_columns[] = {
	{NULL, "PID", 7, ALIGN_RIGHT, get_pid},
	{NULL, "COMMAND", COMM_WIDTH, ALIGN_LEFT, get_comm},
	{"at the end", "RSS ", 7, ALIGN_RIGHT, get_rss},
	{NULL, "PSS ", 7, ALIGN_RIGHT, get_pss},
	{NULL, "USS ", 7, ALIGN_RIGHT, get_uss},
	{NULL, "ANON ", 7, ALIGN_RIGHT, get_anon},
	{NULL, "SWAP ", 7, ALIGN_RIGHT, get_swap},
	{NULL, "VSZ ", 7, ALIGN_RIGHT, get_vsz},
	{"taken and held", "USER", 6, ALIGN_RIGHT, get_user},
	{NULL, "CACHE", 6, ALIGN_RIGHT, get_cache},
	{NULL, "KERNEL", 6, ALIGN_RIGHT, get_kernel},
};

/* Without page attribution its columns would hold nothing but question marks. */
static size_t shown(const struct report *r, size_t n_columns)
{
	return r->info.bpf ? n_columns : n_columns - HELD_COLUMNS;
}

static void consumers(const struct report *r, FILE *out)
{
	const struct text_table table = {consumer_columns, shown(r, N_ELEMS(consumer_columns)),
					 sizeof(struct report_consumer), 0};
	const struct report_analysis *a = r->analysis;

	text_section(out, "TOP CONSUMERS, BY RSS");
	if (!a->consumers.n) {
		fputs("no process could be read\n", out);
		return;
	}
	text_table__head(&table, out);
	text_table__rows(&table, out, a->consumers.v, a->consumers.n);
	text_paragraph(out, "",
		       "* among the first by this column. PSS (shared pages in parts) and USS "
		       "(private alone) are read for the ones that stand out, a moment after the "
		       "rest. ? not known, ~ approximate. Units of 1024.");
}

/* --- who grows --- */

static const struct report_process *process(const void *row)
{
	return row;
}

static void grow_pid(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%u", process(row)->id.pid);
}

static void grow_comm(char cell[static CELL_SIZE], const void *row)
{
	safe_text(cell, COMM_WIDTH + 1, process(row)->comm, COMM_SIZE);
}

static void grow_rss(char cell[static CELL_SIZE], const void *row)
{
	cell_span_end(cell, &process(row)->value[PROC_RSS]);
}

static void grow_delta_rss(char cell[static CELL_SIZE], const void *row)
{
	cell_span_delta(cell, &process(row)->value[PROC_RSS]);
}

static void grow_delta_anon(char cell[static CELL_SIZE], const void *row)
{
	cell_span_delta(cell, &process(row)->value[PROC_ANON]);
}

static void grow_delta_swap(char cell[static CELL_SIZE], const void *row)
{
	cell_span_delta(cell, &process(row)->value[PROC_SWAP]);
}

static void grow_delta_vsz(char cell[static CELL_SIZE], const void *row)
{
	cell_span_delta(cell, &process(row)->value[PROC_VSZ]);
}

static void grow_delta_fds(char cell[static CELL_SIZE], const void *row)
{
	const struct span *s = &process(row)->value[PROC_FDS];

	if (s->known)
		snprintf(cell, CELL_SIZE, "%+lld", (long long)span_delta(*s));
	else
		cell_unknown(cell);
}

static void rate_cell(char cell[static CELL_SIZE], const void *row, double share_of_hour)
{
	const struct report_process *p = row;
	double rate = p->rate_bytes_per_hour * share_of_hour;

	if (p->rate_known && fabs(rate) < 0x1p63)
		cell_delta(cell, p->growth_approx, (int64_t)rate);
	else
		cell_unknown(cell);
}

static void grow_minute(char cell[static CELL_SIZE], const void *row)
{
	rate_cell(cell, row, 1.0 / 60);
}

static void grow_hour(char cell[static CELL_SIZE], const void *row)
{
	rate_cell(cell, row, 1);
}

static void grow_user(char cell[static CELL_SIZE], const void *row)
{
	live_cell(cell, &process(row)->attributed, PAGES_USER);
}

static void grow_cache(char cell[static CELL_SIZE], const void *row)
{
	live_cell(cell, &process(row)->attributed, PAGES_FILE);
}

static void grow_kernel(char cell[static CELL_SIZE], const void *row)
{
	live_cell(cell, &process(row)->attributed, PAGES_KERNEL);
}

static const struct text_column growth_columns[] = {
	{NULL, "PID", 7, ALIGN_RIGHT, grow_pid},
	{NULL, "COMMAND", COMM_WIDTH, ALIGN_LEFT, grow_comm},
	{"at the end and changed by", "RSS", 6, ALIGN_RIGHT, grow_rss},
	{NULL, "+RSS", 6, ALIGN_RIGHT, grow_delta_rss},
	{NULL, "+ANON", 6, ALIGN_RIGHT, grow_delta_anon},
	{NULL, "+SWAP", 6, ALIGN_RIGHT, grow_delta_swap},
	{NULL, "+VSZ", 6, ALIGN_RIGHT, grow_delta_vsz},
	{NULL, "+FDS", 5, ALIGN_RIGHT, grow_delta_fds},
	{"growth in", "1 min", 6, ALIGN_RIGHT, grow_minute},
	{NULL, "1 hour", 6, ALIGN_RIGHT, grow_hour},
	{"taken and held", "USER", 6, ALIGN_RIGHT, grow_user},
	{NULL, "CACHE", 6, ALIGN_RIGHT, grow_cache},
	{NULL, "KERNEL", 6, ALIGN_RIGHT, grow_kernel},
};

static void growth(const struct report *r, FILE *out)
{
	const struct text_table table = {growth_columns, shown(r, N_ELEMS(growth_columns)),
					 sizeof(struct report_process), 0};
	char title[64 + HUMAN_DURATION_SIZE], time[HUMAN_DURATION_SIZE];

	snprintf(title, sizeof(title), "GROWTH IN %s, BY AMOUNT",
		 human_duration(time, r->duration_ns));
	text_section(out, title);
	if (!r->processes.n) {
		fputs("no process changed enough to be listed\n", out);
		return;
	}
	text_table__head(&table, out);
	text_table__rows(&table, out, r->processes.v, r->processes.n);
	text_paragraph(out, "",
		       "Growth is that of anon + shmem + swap, by the time a process was "
		       "seen. One that shrank has a minus.");
}

void text_analysis(const struct report *r, FILE *out)
{
	if (!r->analysis)
		return;
	consumers(r, out);
	growth(r, out);
}
