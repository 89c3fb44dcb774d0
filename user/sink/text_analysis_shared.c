/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared memory: System V segments, files in memory and their holders, tmpfs. */
#include "sink/text_analysis_part.h"

#include <string.h>

#include "base/str.h"
#include "model/report_analysis.h"
#include "sink/text_table.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

#define HOLDERS_OF_MAX 3

/* --- System V --- */

static const struct report_segment *segment(const void *row)
{
	return row;
}

static void segment_id(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%u", segment(row)->s.id);
}

static void segment_key(char cell[static CELL_SIZE], const void *row)
{
	if (segment(row)->s.key)
		snprintf(cell, CELL_SIZE, "0x%08x", (unsigned int)segment(row)->s.key);
	else
		snprintf(cell, CELL_SIZE, "private");
}

static void segment_size(char cell[static CELL_SIZE], const void *row)
{
	cell_bytes(cell, false, segment(row)->s.size);
}

static void segment_rss(char cell[static CELL_SIZE], const void *row)
{
	cell_bytes(cell, false, segment(row)->s.rss);
}

static void segment_swap(char cell[static CELL_SIZE], const void *row)
{
	cell_bytes(cell, false, segment(row)->s.swap);
}

static void segment_attached(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%llu", (unsigned long long)segment(row)->s.n_attached);
}

static void segment_owner(char cell[static CELL_SIZE], const void *row)
{
	snprintf(cell, CELL_SIZE, "%u", segment(row)->s.uid);
}

static void segment_creator(char cell[static CELL_SIZE], const void *row)
{
	const struct report_segment *s = segment(row);
	char comm[CELL_SIZE];

	comm_cell(comm, s->comm);
	if (s->creator == CREATOR_ALIVE)
		snprintf(cell, CELL_SIZE, "%.40s (%u)", comm, s->s.creator);
	else
		snprintf(cell, CELL_SIZE, "%u%s", s->s.creator,
			 s->creator == CREATOR_GONE ? ", gone" : "");
}

static void segment_state(char cell[static CELL_SIZE], const void *row)
{
	const struct report_segment *s = segment(row);

	snprintf(cell, CELL_SIZE, "%s%s%s",
		 s->is_orphan	   ? "ORPHAN"
		 : s->s.is_removed ? "removed"
				   : "",
		 s->is_new ? " new" : "", s->s.is_locked ? " locked" : "");
}

static const struct text_column segment_columns[] = {
	{NULL, "ID", 10, ALIGN_RIGHT, segment_id},
	{NULL, "KEY", 10, ALIGN_LEFT, segment_key},
	{NULL, "SIZE", 6, ALIGN_RIGHT, segment_size},
	{NULL, "RSS", 6, ALIGN_RIGHT, segment_rss},
	{NULL, "SWAP", 6, ALIGN_RIGHT, segment_swap},
	{NULL, "ATTACHED", 8, ALIGN_RIGHT, segment_attached},
	{NULL, "UID", 6, ALIGN_RIGHT, segment_owner},
	{NULL, "MADE BY", 24, ALIGN_LEFT, segment_creator},
	{NULL, "STATE", 12, ALIGN_LEFT, segment_state},
};
static const struct text_table segment_table = {segment_columns, N_ELEMS(segment_columns),
						sizeof(struct report_segment), 0};

/* --- who holds it --- */

static bool all_seen(const struct report_analysis *a)
{
	const struct analysis_note *note = analysis__note(&a->now, PART_SHM);

	return note && !note->error && !note->n_skipped;
}

static void say_holders(const struct report_analysis *a, const struct report_shm *s,
			struct strbuf *b)
{
	for (size_t i = 0; i < s->n_holders && i < HOLDERS_OF_MAX; i++) {
		const struct shm_holder *h = &a->now.holders.v[s->first_holder + i];
		char comm[CELL_SIZE];

		comm_cell(comm, h->comm);
		strbuf_addf(b, "%s%s (%u)", i ? ", " : "", comm, h->id.pid);
	}
	if (s->n_holders > HOLDERS_OF_MAX)
		strbuf_addf(b, " and %zu more", s->n_holders - HOLDERS_OF_MAX);
	if (!s->n_holders)
		strbuf_addf(b, all_seen(a) ? "NOBODY" : "nobody that could be looked at");
}

static const struct report_shm *shm_of(const struct report_analysis *a, uint32_t segment)
{
	vec_for_each(s, &a->shm)
		if (s->file.kind == SHM_SEGMENT && s->file.inode == segment)
			return s;
	return NULL;
}

static void put_mappers(const struct report_analysis *a, FILE *out)
{
	for (size_t i = 0; i < at_most(a->segments.n); i++) {
		const struct report_shm *s = shm_of(a, a->segments.v[i].s.id);
		char lead[40];
		struct strbuf b = {0};

		if (!s || !s->n_holders)
			continue;
		snprintf(lead, sizeof(lead), "%10u mapped by ", a->segments.v[i].s.id);
		say_holders(a, s, &b);
		if (b.s)
			text_paragraph(out, lead, b.s);
		strbuf_free(&b);
	}
}

static void segments(const struct report *r, FILE *out)
{
	const struct report_analysis *a = r->analysis;

	text_section(out, "SHARED MEMORY: SYSTEM V SEGMENTS");
	if (is_missing(a, PART_SYSV, out))
		return;
	if (!a->segments.n) {
		fputs("none\n", out);
		return;
	}
	text_table__head(&segment_table, out);
	text_table__rows(&segment_table, out, a->segments.v, at_most(a->segments.n));
	put_more(out, a->segments.n);
	put_mappers(a, out);
}

/* --- files in memory --- */

static void put_shm(const struct report_analysis *a, const struct report_shm *s, FILE *out)
{
	char bytes[HUMAN_BYTES_SIZE], name[sizeof(s->file.name) * 4], lead[40];
	struct strbuf b = {0};

	snprintf(lead, sizeof(lead), "%2s%9s %-9s ", s->file.size_known ? "" : "<=",
		 human_bytes(bytes, s->file.size_known ? s->file.allocated : s->file.size),
		 (unsigned int)s->file.kind < _SHM_KIND_MAX ? shm_kind_names[s->file.kind] : "?");
	strbuf_addf(&b, "%s%s: held by ",
		    safe_text(name, sizeof(name), s->file.name, sizeof(s->file.name)),
		    s->file.is_deleted && s->file.kind != SHM_MEMFD && s->file.kind != SHM_ANON
			    ? " (deleted)"
			    : "");
	say_holders(a, s, &b);
	if (b.s)
		text_paragraph(out, lead, b.s);
	strbuf_free(&b);
}

/* Pages that a process shares with nobody yet, for children to come. */
static bool is_small_talk(const struct shm_file *f)
{
	return f->kind == SHM_ANON && f->n_holders < 2 && f->size < 1 << 20;
}

static void shm(const struct report *r, FILE *out)
{
	const struct report_analysis *a = r->analysis;
	size_t n = 0;

	text_section(out, "SHARED MEMORY: /dev/shm, MEMFD, SHARED ANONYMOUS, DELETED BUT OPEN");
	if (is_missing(a, PART_SHM, out))
		return;
	vec_for_each(s, &a->shm) {
		if (s->file.kind == SHM_SEGMENT || is_small_talk(&s->file))
			continue; /* the first are in the table above */
		if (n++ < ROWS_MAX)
			put_shm(a, s, out);
	}
	if (!n)
		fputs("none\n", out);
	put_more(out, n);
}

/* --- tmpfs --- */

static const struct report_tmpfs *tmpfs_of(const void *row)
{
	return row;
}

static void tmpfs_used(char cell[static CELL_SIZE], const void *row)
{
	if (tmpfs_of(row)->mount.use_known)
		cell_bytes(cell, false, tmpfs_of(row)->mount.used);
	else
		cell_unknown(cell);
}

static void tmpfs_change(char cell[static CELL_SIZE], const void *row)
{
	const struct report_tmpfs *t = tmpfs_of(row);

	if (t->before_known)
		cell_delta(cell, false, (int64_t)(t->mount.used - t->used_before));
	else
		cell_unknown(cell);
}

static void tmpfs_size(char cell[static CELL_SIZE], const void *row)
{
	const struct tmpfs_mount *m = &tmpfs_of(row)->mount;

	if (!m->use_known)
		cell_unknown(cell);
	else if (m->size)
		cell_bytes(cell, false, m->size);
	else
		snprintf(cell, CELL_SIZE, "none");
}

static void tmpfs_inodes(char cell[static CELL_SIZE], const void *row)
{
	if (tmpfs_of(row)->mount.use_known)
		snprintf(cell, CELL_SIZE, "%llu",
			 (unsigned long long)tmpfs_of(row)->mount.n_inodes);
	else
		cell_unknown(cell);
}

static void tmpfs_path(char cell[static CELL_SIZE], const void *row)
{
	safe_text(cell, CELL_SIZE, tmpfs_of(row)->mount.path, sizeof(tmpfs_of(row)->mount.path));
}

static const struct text_column tmpfs_columns[] = {
	{NULL, "USED", 6, ALIGN_RIGHT, tmpfs_used},
	{NULL, "+USED", 6, ALIGN_RIGHT, tmpfs_change},
	{NULL, "LIMIT", 6, ALIGN_RIGHT, tmpfs_size},
	{NULL, "FILES", 8, ALIGN_RIGHT, tmpfs_inodes},
	{NULL, "MOUNTED AT", 40, ALIGN_LEFT, tmpfs_path},
};
static const struct text_table tmpfs_table = {tmpfs_columns, N_ELEMS(tmpfs_columns),
					      sizeof(struct report_tmpfs), 0};

static void tmpfs(const struct report *r, FILE *out)
{
	const struct report_analysis *a = r->analysis;

	text_section(out, "SHARED MEMORY: TMPFS");
	if (is_missing(a, PART_TMPFS, out))
		return;
	if (!a->tmpfs.n) {
		fputs("none\n", out);
		return;
	}
	text_table__head(&tmpfs_table, out);
	text_table__rows(&tmpfs_table, out, a->tmpfs.v, at_most(a->tmpfs.n));
	put_more(out, a->tmpfs.n);
}

void text_analysis_shared(const struct report *r, FILE *out)
{
	segments(r, out);
	shm(r, out);
	tmpfs(r, out);
}
