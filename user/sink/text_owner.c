/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of owners that are no living process. */
#include "sink/text_part.h"

#include <string.h>

#include "base/str.h"
#include "base/when.h"
#include "sink/text_table.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

#define ROWS_MAX 15

static void live_cell(char cell[static CELL_SIZE], int64_t n)
{
	cell_bytes(cell, false, n > 0 ? (uint64_t)n : 0); /* below 0 only by events in flight */
}

/* --- left behind --- */

static const struct owner_sample *owner_of(const void *row)
{
	return &((const struct report_residue *)row)->owner;
}

static void left_pid(char cell[static CELL_SIZE], const void *row)
{
	if (owner_of(row)->kind == OWNER_EXITED_GROUP)
		snprintf(cell, CELL_SIZE, "(%u)", owner_of(row)->members);
	else
		snprintf(cell, CELL_SIZE, "%u", owner_of(row)->id.pid);
}

static void left_comm(char cell[static CELL_SIZE], const void *row)
{
	safe_text(cell, COMM_SIZE, owner_of(row)->comm, COMM_SIZE);
}

static void left_held(char cell[static CELL_SIZE], const void *row)
{
	cell_bytes(cell, !owner_of(row)->residue.known, ((const struct report_residue *)row)->held);
}

static void residue_cell(char cell[static CELL_SIZE], const void *row, uint64_t n)
{
	if (owner_of(row)->residue.known)
		cell_bytes(cell, false, n);
	else
		cell_unknown(cell);
}

static void left_file(char cell[static CELL_SIZE], const void *row)
{
	residue_cell(cell, row, owner_of(row)->residue.file);
}

static void left_shmem(char cell[static CELL_SIZE], const void *row)
{
	residue_cell(cell, row, owner_of(row)->residue.shmem);
}

static void left_kernel(char cell[static CELL_SIZE], const void *row)
{
	residue_cell(cell, row, owner_of(row)->residue.kernel);
}

static void left_inherited(char cell[static CELL_SIZE], const void *row)
{
	residue_cell(cell, row, owner_of(row)->residue.inherited);
}

static void left_end(char cell[static CELL_SIZE], const void *row)
{
	const struct owner_sample *o = owner_of(row);
	char status[STATUS_SIZE];

	if (o->kind == OWNER_EXITED_GROUP)
		snprintf(cell, CELL_SIZE, "%u of one name", o->members);
	else
		snprintf(cell, CELL_SIZE, "%s",
			 o->has_exit_status ? status_text(status, o->exit_status) : "ended");
}

static const struct text_column left_columns[] = {
	{NULL, "PID", 7, ALIGN_RIGHT, left_pid},
	{NULL, "COMMAND", 15, ALIGN_LEFT, left_comm},
	{NULL, "LEFT", 6, ALIGN_RIGHT, left_held},
	{"of it", "CACHE", 6, ALIGN_RIGHT, left_file},
	{NULL, "SHMEM", 6, ALIGN_RIGHT, left_shmem},
	{NULL, "KERNEL", 6, ALIGN_RIGHT, left_kernel},
	{"beside it", "INHERITED", 9, ALIGN_RIGHT, left_inherited},
	{NULL, "STATE", 8, ALIGN_LEFT, left_end},
};
static const struct text_table left_table = {left_columns, N_ELEMS(left_columns),
					     sizeof(struct report_residue), 0};

static void rest_left(const struct report *r, FILE *out)
{
	char bytes[HUMAN_BYTES_SIZE];
	uint64_t held = 0;

	for (size_t i = ROWS_MAX; i < r->left_behind.n; i++)
		if (__builtin_add_overflow(held, r->left_behind.v[i].held, &held))
			held = UINT64_MAX;
	if (r->left_behind.n > ROWS_MAX)
		fprintf(out, "and %zu more, %s together\n", r->left_behind.n - ROWS_MAX,
			human_bytes(bytes, held));
}

void text_left_behind(const struct report *r, FILE *out)
{
	size_t n = r->left_behind.n;

	text_section(out, "LEFT BEHIND BY EXITED PROCESSES");
	if (!r->info.bpf) {
		fputs("not known: pages were not attributed\n", out);
		return;
	}
	if (!n) {
		fputs("nothing\n", out);
		return;
	}
	text_table__head(&left_table, out);
	text_table__rows(&left_table, out, r->left_behind.v, n < ROWS_MAX ? n : ROWS_MAX);
	rest_left(r, out);
	text_paragraph(
		out, "",
		"CACHE can be reclaimed; SHMEM (tmpfs, memfd, SysV) stays until it is removed; "
		"INHERITED is still mapped by descendants and not counted as left.");
}

/* --- removed cgroups --- */

static void removed_bytes(char cell[static CELL_SIZE], const void *row)
{
	cell_bytes(cell, false, ((const struct report_removed *)row)->left);
}

static void removed_cache(char cell[static CELL_SIZE], const void *row)
{
	cell_bytes(cell, false, ((const struct report_removed *)row)->cache);
}

static void removed_shmem(char cell[static CELL_SIZE], const void *row)
{
	cell_bytes(cell, false, ((const struct report_removed *)row)->shmem);
}

static void removed_slab(char cell[static CELL_SIZE], const void *row)
{
	cell_bytes(cell, false, ((const struct report_removed *)row)->slab);
}

static void removed_time(char cell[static CELL_SIZE], const void *row)
{
	char time[UTC_TIME_SIZE];

	snprintf(cell, CELL_SIZE, "%.8s",
		 utc_time(time, ((const struct report_removed *)row)->time_ns) + 11);
}

static void removed_name(char cell[static CELL_SIZE], const void *row)
{
	const struct report_removed *c = row;

	if (*c->name)
		safe_text(cell, CELL_SIZE, c->name, sizeof(c->name));
	else
		safe_text(cell, CELL_SIZE, c->path, strlen(c->path));
}

static const struct text_column removed_columns[] = {
	{NULL, "LEFT", 6, ALIGN_RIGHT, removed_bytes},
	{"of it", "CACHE", 6, ALIGN_RIGHT, removed_cache},
	{NULL, "SHMEM", 6, ALIGN_RIGHT, removed_shmem},
	{NULL, "SLAB", 6, ALIGN_RIGHT, removed_slab},
	{"removed", "UTC", 8, ALIGN_LEFT, removed_time},
	{NULL, "CONTAINER, SERVICE OR CGROUP", 38, ALIGN_LEFT, removed_name},
};
static const struct text_table removed_table = {removed_columns, N_ELEMS(removed_columns),
						sizeof(struct report_removed), 0};

static const struct report_hidden *dying_of(const struct report *r)
{
	vec_for_each(h, &r->hidden)
		if (h->last.kind == HIDDEN_DYING_CGROUP)
			return h;
	return NULL;
}

void text_removed(const struct report *r, FILE *out)
{
	size_t n = r->removed_cgroups.n < ROWS_MAX ? r->removed_cgroups.n : ROWS_MAX;
	const struct report_hidden *dying = dying_of(r);
	struct strbuf b = {0};

	if (!n)
		return;
	text_section(out, "LEFT BEHIND BY REMOVED CGROUPS");
	text_table__head(&removed_table, out);
	text_table__rows(&removed_table, out, r->removed_cgroups.v, n);
	if (r->removed_cgroups.n > n)
		fprintf(out, "%zu more: see --format json\n", r->removed_cgroups.n - n);
	strbuf_addf(
		&b,
		"At most so much, by what was charged when they were last seen; %llu were removed",
		(unsigned long long)r->n_removed_cgroups);
	if (dying)
		strbuf_addf(&b,
			    ", and of all that ever were the kernel keeps %llu (%llu at the start)",
			    (unsigned long long)dying->end_count,
			    (unsigned long long)dying->start_count);
	if (b.s)
		text_paragraph(out, "", b.s);
	strbuf_free(&b);
}

/* --- others --- */

static const struct owner_sample *other_of(const void *row)
{
	return &((const struct report_owner *)row)->owner;
}

static void other_who(char cell[static CELL_SIZE], const void *row)
{
	static const char *const names[_OWNER_KIND_MAX] = {
		[OWNER_ASYNC] = "interrupts",
		[OWNER_OVERFLOW] = "several (owner table was full)",
	};
	const struct owner_sample *o = other_of(row);
	char comm[4 * COMM_SIZE];

	if ((unsigned int)o->kind < _OWNER_KIND_MAX && names[o->kind])
		snprintf(cell, CELL_SIZE, "%s", names[o->kind]);
	else
		snprintf(cell, CELL_SIZE, "%s (%u)",
			 safe_text(comm, sizeof(comm), o->comm, COMM_SIZE), o->id.pid);
}

static void other_user(char cell[static CELL_SIZE], const void *row)
{
	live_cell(cell, other_of(row)->live[PAGES_USER]);
}

static void other_file(char cell[static CELL_SIZE], const void *row)
{
	live_cell(cell, other_of(row)->live[PAGES_FILE]);
}

static void other_kernel(char cell[static CELL_SIZE], const void *row)
{
	live_cell(cell, other_of(row)->live[PAGES_KERNEL]);
}

static void other_taken(char cell[static CELL_SIZE], const void *row)
{
	uint64_t sum = 0;

	for (int i = 0; i < _PAGE_CLASS_MAX; i++)
		if (__builtin_add_overflow(sum, other_of(row)->taken[i], &sum))
			sum = UINT64_MAX;
	cell_bytes(cell, false, sum);
}

static const struct text_column other_columns[] = {
	{NULL, "WHO", 32, ALIGN_LEFT, other_who},
	{"held now", "USER", 6, ALIGN_RIGHT, other_user},
	{NULL, "CACHE", 6, ALIGN_RIGHT, other_file},
	{NULL, "KERNEL", 6, ALIGN_RIGHT, other_kernel},
	{NULL, "TAKEN", 6, ALIGN_RIGHT, other_taken},
};
static const struct text_table other_table = {other_columns, N_ELEMS(other_columns),
					      sizeof(struct report_owner), 0};

void text_other_owners(const struct report *r, FILE *out)
{
	size_t n = r->other_owners.n;

	if (!n)
		return;
	text_section(out, "OTHER TAKERS OF PAGES (KERNEL THREADS AND INTERRUPTS)");
	text_table__head(&other_table, out);
	text_table__rows(&other_table, out, r->other_owners.v, n < ROWS_MAX ? n : ROWS_MAX);
	if (n > ROWS_MAX)
		fprintf(out, "and %zu more that hold less\n", n - ROWS_MAX);
}
