/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zombies and their parents, open files. */
#include "sink/text_analysis_part.h"

#include <string.h>

#include "base/str.h"
#include "base/when.h"
#include "model/report_analysis.h"
#include "sink/text_table.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

#define GROUPS_OF_MAX 4
#define COMM_WIDTH 15

/* --- zombies --- */

static const struct zombie_parent *parent(const void *row)
{
	return row;
}

static void parent_pid(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%u", parent(row)->id.pid);
}

static void parent_comm(char cell[static CELL_SIZE], const void *row)
{
	comm_cell(cell, parent(row)->comm);
}

static void parent_count(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%u", parent(row)->n_zombies);
}

static void parent_state(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%c", parent(row)->state ? parent(row)->state : '?');
}

static void parent_sigchld(char cell[static CELL_SIZE], const void *row)
{
	static const char *const words[_SIGCHLD_MAX] = {
		[SIGCHLD_UNKNOWN] = "?",       [SIGCHLD_DEFAULT] = "no handler",
		[SIGCHLD_HANDLED] = "handled", [SIGCHLD_IGNORED] = "ignored",
		[SIGCHLD_BLOCKED] = "blocked",
	};
	enum sigchld s = parent(row)->sigchld;

	snprintf(cell, CELL_SIZE, "%s", (unsigned int)s < _SIGCHLD_MAX ? words[s] : "?");
}

static void parent_doing(char cell[static CELL_SIZE], const void *row)
{
	const struct zombie_parent *p = parent(row);
	char wchan[sizeof(p->wchan)], syscall[sizeof(p->syscall)];

	safe_text(wchan, sizeof(wchan), p->wchan, sizeof(p->wchan));
	safe_text(syscall, sizeof(syscall), p->syscall, sizeof(p->syscall));
	if (*syscall && *wchan)
		snprintf(cell, CELL_SIZE, "%.30s, in %.60s", syscall, wchan);
	else if (*syscall || *wchan)
		snprintf(cell, CELL_SIZE, "%s", *syscall ? syscall : wchan);
	else
		cell_unknown(cell);
}

static const struct text_column parent_columns[] = {
	{NULL, "PARENT", 7, ALIGN_RIGHT, parent_pid},
	{NULL, "COMMAND", COMM_WIDTH, ALIGN_LEFT, parent_comm},
	{NULL, "ZOMBIES", 7, ALIGN_RIGHT, parent_count},
	{NULL, "STATE", 5, ALIGN_LEFT, parent_state},
	{NULL, "SIGCHLD", 10, ALIGN_LEFT, parent_sigchld},
	{NULL, "WAITS IN", 40, ALIGN_LEFT, parent_doing},
};
static const struct text_table parent_table = {parent_columns, N_ELEMS(parent_columns),
					       sizeof(struct zombie_parent), 0};

static void list_zombies(const struct report *r, FILE *out)
{
	const struct analysis *a = &r->analysis->now;

	for (size_t i = 0; i < at_most(a->zombies.n); i++) {
		const struct zombie *z = &a->zombies.v[i];
		uint64_t age = r->end_ns > z->since_ns ? r->end_ns - z->since_ns : 0;
		char comm[CELL_SIZE], time[HUMAN_DURATION_SIZE];

		comm_cell(comm, z->comm);
		fprintf(out, "  %s (pid %u, uid %u), child of %u, a zombie for %s%s\n", comm,
			z->id.pid, z->uid, z->ppid, z->since_exact ? "" : "at least ",
			human_duration(time, age));
	}
	put_more(out, a->zombies.n);
}

static void zombies(const struct report *r, FILE *out)
{
	const struct analysis *a = &r->analysis->now;

	text_section(out, "ZOMBIES AND THEIR PARENTS");
	if (is_missing(r->analysis, PART_ZOMBIES, out))
		return;
	if (!a->parents.n) {
		fputs("none\n", out);
		return;
	}
	text_table__head(&parent_table, out);
	text_table__rows(&parent_table, out, a->parents.v, at_most(a->parents.n));
	put_more(out, a->parents.n);
	list_zombies(r, out);
}

/* --- open files --- */

static const struct report_files *files(const void *row)
{
	return row;
}

static uint64_t used(const struct report_files *f)
{
	uint64_t n = 0;

	for (int i = 0; i < _FD_KIND_MAX; i++)
		n += f->now.count[i];
	return n;
}

static void file_pid(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%u", files(row)->now.id.pid);
}

static void file_comm(char cell[static CELL_SIZE], const void *row)
{
	comm_cell(cell, files(row)->now.comm);
}

static void file_used(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%llu", (unsigned long long)used(files(row)));
}

static void file_change(char cell[static CELL_SIZE], const void *row)
{
	const struct span *s = &files(row)->fds;

	if (s->known)
		snprintf(cell, CELL_SIZE, "%+lld", (long long)span_delta(*s));
	else
		cell_unknown(cell);
}

static void file_limit(char cell[static CELL_SIZE], const void *row)
{
	const struct fd_sample *s = &files(row)->now;

	if (s->limit_known && s->limit == UINT64_MAX)
		snprintf(cell, CELL_SIZE, "none");
	else if (s->limit_known)
		snprintf(cell, CELL_SIZE, "%llu", (unsigned long long)s->limit);
	else
		cell_unknown(cell);
}

static void kind_cell(char cell[static CELL_SIZE], const void *row, enum fd_kind kind)
{
	const struct report_files *f = row;
	long long delta = (long long)(f->now.count[kind] - f->before.count[kind]);

	if (f->before_known && delta)
		snprintf(cell, CELL_SIZE, "%llu(%+lld)", (unsigned long long)f->now.count[kind],
			 delta);
	else
		snprintf(cell, CELL_SIZE, "%llu", (unsigned long long)f->now.count[kind]);
}

static void file_files(char cell[static CELL_SIZE], const void *row)
{
	kind_cell(cell, row, FD_FILE);
}

static void file_sockets(char cell[static CELL_SIZE], const void *row)
{
	kind_cell(cell, row, FD_SOCKET);
}

static void file_pipes(char cell[static CELL_SIZE], const void *row)
{
	kind_cell(cell, row, FD_PIPE);
}

static void file_shm(char cell[static CELL_SIZE], const void *row)
{
	kind_cell(cell, row, FD_SHM);
}

static void file_other(char cell[static CELL_SIZE], const void *row)
{
	const struct fd_sample *s = &files(row)->now;

	snprintf(cell, CELL_SIZE, "%llu",
		 (unsigned long long)(s->count[FD_DEVICE] + s->count[FD_EVENT] +
				      s->count[FD_EPOLL] + s->count[FD_BPF] + s->count[FD_OTHER]));
}

static void file_deleted(char cell[static CELL_SIZE], const void *row)
{
	const struct fd_sample *s = &files(row)->now;
	char bytes[HUMAN_BYTES_SIZE];

	if (s->n_deleted)
		snprintf(cell, CELL_SIZE, "%llu, %s", (unsigned long long)s->n_deleted,
			 human_bytes(bytes, s->deleted_bytes));
}

static const struct text_column file_columns[] = {
	{NULL, "PID", 7, ALIGN_RIGHT, file_pid},
	{NULL, "COMMAND", COMM_WIDTH, ALIGN_LEFT, file_comm},
	{NULL, "OPEN", 6, ALIGN_RIGHT, file_used},
	{NULL, "+OPEN", 6, ALIGN_RIGHT, file_change},
	{NULL, "LIMIT", 7, ALIGN_RIGHT, file_limit},
	{"of them", "FILES", 9, ALIGN_RIGHT, file_files},
	{NULL, "SOCKETS", 9, ALIGN_RIGHT, file_sockets},
	{NULL, "PIPES", 7, ALIGN_RIGHT, file_pipes},
	{NULL, "SHM", 6, ALIGN_RIGHT, file_shm},
	{NULL, "OTHER", 6, ALIGN_RIGHT, file_other},
	{NULL, "DELETED", 12, ALIGN_LEFT, file_deleted},
};
static const struct text_table file_table = {file_columns, N_ELEMS(file_columns),
					     sizeof(struct report_files), 0};

static void list_groups(const struct report_analysis *a, const struct report_files *f, FILE *out)
{
	char comm[CELL_SIZE];

	comm_cell(comm, f->now.comm);
	fprintf(out, "%s (pid %u) has open:\n", comm, f->now.id.pid);
	for (size_t i = 0; i < f->n_groups && i < GROUPS_OF_MAX; i++) {
		const struct fd_group *g = &a->now.fd_groups.v[f->first_group + i];
		char lead[64] = "";
		int n = snprintf(lead, sizeof(lead), "  %llu", (unsigned long long)g->count);

		if (g->fresh_known)
			snprintf(lead + n, sizeof(lead) - (size_t)n, " (%llu new)",
				 (unsigned long long)g->fresh);
		strncat(lead, " of ", sizeof(lead) - strlen(lead) - 1);
		text_paragraph(out, lead, g->what);
	}
}

static void put_machine_files(const struct machine_files *f, FILE *out)
{
	if (!f->known)
		return;
	fprintf(out, "whole machine: %llu open", (unsigned long long)f->now);
	if (f->before_known)
		fprintf(out, " (%+lld)", (long long)(f->now - f->before));
	if (!f->max_known)
		fputs(", fs.file-max is not known\n", out);
	else if (f->max >= INT64_MAX) /* what the kernel begins with where it has 64 bits */
		fputs(", fs.file-max is no limit\n", out);
	else
		fprintf(out, ", %llu %% of fs.file-max (%llu)\n",
			(unsigned long long)(f->now * 100 / f->max), (unsigned long long)f->max);
}

static void open_files(const struct report *r, FILE *out)
{
	const struct report_analysis *a = r->analysis;
	size_t n = 0;

	text_section(out, "OPEN FILES: GROWING ONES FIRST, THEN THOSE WITH MOST");
	put_machine_files(&a->machine_files, out);
	if (is_missing(a, PART_FDS, out))
		return;
	if (!a->files.n) {
		fputs("none could be read\n", out);
		return;
	}
	text_table__head(&file_table, out);
	text_table__rows(&file_table, out, a->files.v, at_most(a->files.n));
	put_more(out, a->files.n);
	vec_for_each(f, &a->files)
		if (f->n_groups && (f->grows || !n) && n++ < GROUPS_OF_MAX)
			list_groups(a, f, out);
}

void text_analysis_kept(const struct report *r, FILE *out)
{
	static void (*const parts[])(const struct report *, FILE *) = {
		zombies,
		open_files,
		text_analysis_shared,
	};

	if (!r->analysis)
		return;
	for (size_t i = 0; i < N_ELEMS(parts); i++)
		parts[i](r, out);
}
