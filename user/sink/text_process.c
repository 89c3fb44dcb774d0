/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes: one line each, and what is known of those that were watched. */
#include "sink/text_part.h"

#include <math.h>
#include <string.h>
#include <sys/wait.h>

#include "base/str.h"
#include "base/when.h"
#include "sink/text_table.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

/* A prefork server has hundreds of children: the rest is in JSON. */
#define DETAILS_MAX 10

#define COMM_WIDTH 13

static bool is_watched(const struct report_process *p)
{
	return p->flags & (PROC_TARGET | PROC_FOLLOWED);
}

char *status_text(char dst[static STATUS_SIZE], int status)
{
	if (WIFSIGNALED(status))
		snprintf(dst, STATUS_SIZE, "signal %d", WTERMSIG(status));
	else
		snprintf(dst, STATUS_SIZE, "exit %d", WEXITSTATUS(status));
	return dst;
}

/* --- one line each --- */

static void get_pid(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%u", ((const struct report_process *)row)->id.pid);
}

static void get_comm(char cell[static CELL_SIZE], const void *row)
{
	safe_text(cell, COMM_WIDTH + 1, ((const struct report_process *)row)->comm, COMM_SIZE);
}

static const struct span *span_of(const void *row, enum proc_value value)
{
	return &((const struct report_process *)row)->value[value];
}

static void get_rss(char cell[static CELL_SIZE], const void *row)
{
	cell_span_end(cell, span_of(row, PROC_RSS));
}

static void get_rss_delta(char cell[static CELL_SIZE], const void *row)
{
	cell_span_delta(cell, span_of(row, PROC_RSS));
}

static void get_anon_delta(char cell[static CELL_SIZE], const void *row)
{
	cell_span_delta(cell, span_of(row, PROC_ANON));
}

static void get_file(char cell[static CELL_SIZE], const void *row)
{
	cell_span_end(cell, span_of(row, PROC_FILE));
}

static void get_shmem(char cell[static CELL_SIZE], const void *row)
{
	cell_span_end(cell, span_of(row, PROC_SHMEM));
}

static void get_swap(char cell[static CELL_SIZE], const void *row)
{
	cell_span_end(cell, span_of(row, PROC_SWAP));
}

static void get_rate(char cell[static CELL_SIZE], const void *row)
{
	const struct report_process *p = row;
	double rate = p->rate_bytes_per_hour;

	if (p->rate_known && fabs(rate) < 0x1p63)
		cell_delta(cell, p->growth_approx, (int64_t)rate);
	else
		cell_unknown(cell);
}

static void held(char cell[static CELL_SIZE], const void *row, enum page_class class)
{
	const struct attributed *a = &((const struct report_process *)row)->attributed;

	/* Below 0 only by events in flight */
	if (a->known)
		cell_bytes(cell, false, a->live[class] > 0 ? (uint64_t)a->live[class] : 0);
	else
		cell_unknown(cell);
}

static void get_held_user(char cell[static CELL_SIZE], const void *row)
{
	held(cell, row, PAGES_USER);
}

static void get_held_file(char cell[static CELL_SIZE], const void *row)
{
	held(cell, row, PAGES_FILE);
}

static void get_held_kernel(char cell[static CELL_SIZE], const void *row)
{
	held(cell, row, PAGES_KERNEL);
}

static void get_state(char cell[static CELL_SIZE], const void *row)
{
	const struct report_process *p = row;
	char status[STATUS_SIZE];

	if (p->end.ended)
		snprintf(cell, CELL_SIZE, "%s",
			 p->end.status_known ? status_text(status, p->end.status) : "ended");
	else
		snprintf(cell, CELL_SIZE, "%s", p->flags & PROC_EXECED ? "exec'ed" : "running");
}

static const struct text_column process_columns[] = {
	{NULL, "PID", 7, ALIGN_RIGHT, get_pid},
	{NULL, "COMMAND", COMM_WIDTH, ALIGN_LEFT, get_comm},
	{"resident and swapped, at the end and changed", "RSS", 6, ALIGN_RIGHT, get_rss},
	{NULL, "+RSS", 6, ALIGN_RIGHT, get_rss_delta},
	{NULL, "+ANON", 6, ALIGN_RIGHT, get_anon_delta},
	{NULL, "FILE", 6, ALIGN_RIGHT, get_file},
	{NULL, "SHMEM", 6, ALIGN_RIGHT, get_shmem},
	{NULL, "SWAP", 6, ALIGN_RIGHT, get_swap},
	{NULL, "GROW/h", 6, ALIGN_RIGHT, get_rate},
	{"taken and held since start", "USER", 6, ALIGN_RIGHT, get_held_user},
	{NULL, "CACHE", 6, ALIGN_RIGHT, get_held_file},
	{NULL, "KERNEL", 6, ALIGN_RIGHT, get_held_kernel},
	{NULL, "STATE", 8, ALIGN_LEFT, get_state},
};

static const struct text_table process_table = {process_columns, N_ELEMS(process_columns),
						sizeof(struct report_process), 0};

static void text_watched(const struct report *r, FILE *out, size_t n_watched)
{
	text_section(out, "PROCESSES WATCHED");
	if (n_watched) {
		text_table__head(&process_table, out);
		text_table__rows(&process_table, out, r->processes.v, n_watched);
	} else {
		fputs("none was seen\n", out);
	}
}

void text_processes(const struct report *r, FILE *out)
{
	size_t n_watched = 0, n = r->processes.n;

	if (r->analysis)
		return; /* has its own */
	while (n_watched < n && is_watched(&r->processes.v[n_watched]))
		n_watched++;
	if (!r->whole_machine)
		text_watched(r, out, n_watched);
	if (n > n_watched) {
		text_section(out, r->whole_machine ? "PROCESSES, BY GROWTH"
						   : "OTHER PROCESSES, BY GROWTH");
		text_table__head(&process_table, out);
		text_table__rows(&process_table, out, r->processes.v + n_watched, n - n_watched);
	} else if (r->whole_machine) {
		text_section(out, "PROCESSES, BY GROWTH");
		fputs("none changed enough to be listed\n", out);
	}
	if (n)
		text_paragraph(out, "",
			       "? not known, ~ approximate, + changed by. GROW/h: growth of anon + "
			       "shmem + swap in an hour, by the time it was seen. Units of 1024.");
}

/* --- in detail --- */

struct detail {
	const char *name;
	struct span span;
	bool is_count;
};

static void get_name(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%s", ((const struct detail *)row)->name);
}

static void number(char cell[static CELL_SIZE], const struct detail *d, uint64_t n)
{
	char bytes[HUMAN_BYTES_SIZE];

	if (d->is_count)
		snprintf(cell, CELL_SIZE, "%llu", (unsigned long long)n);
	else
		snprintf(cell, CELL_SIZE, "%s%s", d->span.approx ? "~" : "", human_bytes(bytes, n));
}

static void get_start(char cell[static CELL_SIZE], const void *row)
{
	number(cell, row, ((const struct detail *)row)->span.start);
}

static void get_end(char cell[static CELL_SIZE], const void *row)
{
	number(cell, row, ((const struct detail *)row)->span.end);
}

static void get_change(char cell[static CELL_SIZE], const void *row)
{
	const struct detail *d = row;
	int64_t delta = span_delta(d->span);
	char bytes[HUMAN_BYTES_SIZE];

	if (d->is_count)
		snprintf(cell, CELL_SIZE, "%s%lld", delta > 0 ? "+" : "", (long long)delta);
	else
		snprintf(cell, CELL_SIZE, "%s%s", d->span.approx ? "~" : "",
			 human_delta(bytes, delta));
}

static const struct text_column detail_columns[] = {
	{NULL, "", 14, ALIGN_LEFT, get_name},
	{NULL, "START", 10, ALIGN_RIGHT, get_start},
	{NULL, "END", 10, ALIGN_RIGHT, get_end},
	{NULL, "CHANGE", 10, ALIGN_RIGHT, get_change},
};

static const struct text_table detail_table = {detail_columns, N_ELEMS(detail_columns),
					       sizeof(struct detail), 2};

static const struct {
	enum proc_value value;
	const char *name;
	bool is_count;
} value_names[] = {
	{PROC_RSS, "resident", false},	   {PROC_ANON, "  anonymous", false},
	{PROC_FILE, "  file", false},	   {PROC_SHMEM, "  shared", false},
	{PROC_SWAP, "swapped out", false}, {PROC_PAGE_TABLE, "page tables", false},
	{PROC_HEAP, "heap (brk)", false},  {PROC_VSZ, "address space", false},
	{PROC_FDS, "descriptors", true},   {PROC_THREADS, "threads", true},
};
_Static_assert(N_ELEMS(value_names) == _PROC_VALUE_MAX, "each value in the detail");

static void add_detail(struct detail *list, size_t *n, struct strbuf *unknown, struct detail detail)
{
	if (detail.span.known)
		list[(*n)++] = detail;
	else
		strbuf_addf(unknown, "%s%s", unknown->len ? ", " : "not known: ",
			    detail.name + strspn(detail.name, " "));
}

static void values(const struct report_process *p, FILE *out)
{
	struct detail list[_PROC_VALUE_MAX + 2];
	struct strbuf unknown = {0};
	size_t n = 0;

	for (size_t i = 0; i < N_ELEMS(value_names); i++)
		add_detail(list, &n, &unknown,
			   (struct detail){value_names[i].name, p->value[value_names[i].value],
					   value_names[i].is_count});
	add_detail(list, &n, &unknown, (struct detail){"PSS", p->pss, false});
	add_detail(list, &n, &unknown, (struct detail){"USS", p->uss, false});
	if (n) {
		text_table__head(&detail_table, out);
		text_table__rows(&detail_table, out, list, n);
	}
	if (unknown.len)
		text_paragraph(out, "  ", unknown.s);
	strbuf_free(&unknown);
}

static const char *const class_words[_PAGE_CLASS_MAX] = {
	[PAGES_USER] = "user",
	[PAGES_FILE] = "page cache",
	[PAGES_KERNEL] = "kernel",
};

static void pages(const struct report_process *p, FILE *out)
{
	const struct attributed *a = &p->attributed;
	struct strbuf b = {0};

	if (!a->known)
		return;
	strbuf_addf(&b, "of the pages taken since the start still held: ");
	for (int i = 0; i < _PAGE_CLASS_MAX; i++) {
		char live[HUMAN_BYTES_SIZE], taken[HUMAN_BYTES_SIZE];

		strbuf_addf(&b, "%s%s %s of %s", i ? ", " : "", class_words[i],
			    human_bytes(live, a->live[i] > 0 ? (uint64_t)a->live[i] : 0),
			    human_bytes(taken, a->taken[i]));
	}
	if (b.s)
		text_paragraph(out, "  ", b.s);
	strbuf_free(&b);
}

static void ownership(const struct report_process *p, FILE *out)
{
	const struct ownership_sample *o = &p->ownership;
	char n[5][HUMAN_BYTES_SIZE], text[400];

	if (!p->has_ownership)
		return;
	snprintf(text, sizeof(text),
		 "of %s resident anonymous pages: %s first touched by itself since the start, %s "
		 "by its parents or siblings, %s by others, %s before the start or moved without "
		 "a trace",
		 human_bytes(n[0], o->present), human_bytes(n[1], o->own),
		 human_bytes(n[2], o->kin), human_bytes(n[3], o->other),
		 human_bytes(n[4], o->unowned));
	text_paragraph(out, "  ", text);
}

static void mapped(const struct report_process *p, FILE *out)
{
	const struct mapped_sample *m = &p->mapped;
	char n[4][HUMAN_BYTES_SIZE], text[400];

	if (!p->has_mapped || p->end.ended)
		return;
	snprintf(text, sizeof(text),
		 "of its address space: %s mapped since the start by mmap, %s by brk, %s before, "
		 "%s by no call that was seen",
		 human_bytes(n[0], m->mmap), human_bytes(n[1], m->brk),
		 human_bytes(n[2], m->before), human_bytes(n[3], m->unseen));
	text_paragraph(out, "  ", text);
}

static void headline(const struct report_process *p, FILE *out)
{
	char comm[4 * COMM_SIZE], seen[HUMAN_DURATION_SIZE], status[STATUS_SIZE];

	fprintf(out, "%s (pid %u, uid %u, parent %u), seen for %s, ",
		safe_text(comm, sizeof(comm), p->comm, COMM_SIZE), p->id.pid, p->uid, p->ppid,
		human_duration(seen, p->seen_ns));
	if (!p->end.ended)
		fputs("running", out);
	else if (p->end.status_known)
		fprintf(out, "ended: %s", status_text(status, p->end.status));
	else
		fputs("ended, status not known", out);
	fputs(p->flags & PROC_EXECED ? "; became another program (exec)\n" : "\n", out);
	if (p->cgroup)
		text_paragraph(out, "  cgroup: ", p->cgroup);
}

void text_details(const struct report *r, FILE *out)
{
	size_t n = 0;

	vec_for_each(p, &r->processes) {
		if (!is_watched(p))
			break;
		if (n++ >= DETAILS_MAX)
			continue;
		if (n == 1)
			text_section(out, "WATCHED PROCESSES IN DETAIL");
		else
			fputc('\n', out);
		headline(p, out);
		text_verdict(&p->verdict, out, "  ");
		values(p, out);
		pages(p, out);
		ownership(p, out);
		mapped(p, out);
	}
	if (n > DETAILS_MAX)
		fprintf(out, "\n%zu more watched processes: see --format json\n", n - DETAILS_MAX);
}
