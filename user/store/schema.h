/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session file's tables as data: one description drives CREATE TABLE,
 * writing (row.h), reading and the checksum. To store something new: a table
 * in schema.c whose `since` is SESSION_FORMAT, one higher than it was.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "model/tick.h"

/*
 * What is written. Readers accept every format up to it: a table that came
 * with a later format than the file's is empty. Formats: 1; 2 (slab, cgroup);
 * 3 (alert, and those of --analyze); 4 (fact); 5 (machine, hidden);
 * 6 (code and paths); 7 (mapped, path_ages);
 * 8 (path_cgroup); 9 (hidden: kind 29).
 */
#define SESSION_FORMAT 9

enum column_kind {
	COLUMN_U32,
	COLUMN_U64, /* stored as SQLite's signed integer of the same bits */
	COLUMN_I64,
	COLUMN_BOOL,
	COLUMN_ENUM,   /* size: number of values */
	COLUMN_LETTER, /* a char: NULL unless a letter */
	COLUMN_CHARS,  /* char[size], any bytes up to a NUL */
	COLUMN_NAME,   /* the same, kept once in table text */
	COLUMN_PATH,   /* char *, owned; NULL when NULL; kept once in table text; size: longest */
	_COLUMN_KIND_MAX,
};

/* What makes a value known; where it is not, the column is NULL. */
enum column_when {
	WHEN_ALWAYS,
	WHEN_BIT,  /* a bit of the uint32_t at `flag` */
	WHEN_BOOL, /* the bool at `flag` */
};

struct column {
	const char *name;
	const char *doc; /* goes into the CREATE TABLE text as a comment */
	enum column_kind kind;
	enum column_when when;
	size_t offset; /* in the row's struct */
	uint32_t size;
	size_t flag;
	uint32_t bit;
};

struct table {
	const char *name;
	const char *doc;
	const struct column *columns;
	size_t n_columns;
	size_t row_size;
	size_t vec; /* of the vector in struct tick that holds the rows; ticks and run: unused */
	int since;  /* format that brought it; 0: the first */
};

static inline bool column_is_interned(const struct column *c)
{
	return c->kind == COLUMN_NAME || c->kind == COLUMN_PATH;
}

/* Row: struct run_info, one in the file. */
extern const struct table run_table;
/* Row: struct tick's own members. */
extern const struct table tick_table;
/* What a tick carries: rows of (tick, the columns). */
enum row_table {
	ROWS_MEMINFO,
	ROWS_MACHINE,
	ROWS_HIDDEN,
	ROWS_PROC,
	ROWS_OWNER,
	ROWS_SMAPS,
	ROWS_OWNERSHIP,
	ROWS_MAPPED,
	ROWS_SLAB,
	ROWS_CGROUP,
	ROWS_EVENT,
	ROWS_FACT,
	ROWS_LIMIT,
	ROWS_ALERT,
	ROWS_ANALYSIS,
	ROWS_ZOMBIE,
	ROWS_ZOMBIE_PARENT,
	ROWS_FD,
	ROWS_FD_GROUP,
	ROWS_SYSV,
	ROWS_TMPFS,
	ROWS_SHM,
	ROWS_SHM_HOLDER,
	ROWS_MAPPING,
	ROWS_MODULE,
	ROWS_NODE,
	ROWS_SYMBOL,
	ROWS_PATH,
	ROWS_PATH_CGROUP,
	ROWS_PATH_AGES,
	ROWS_SAMPLING,
	N_ROW_TABLES,
};
extern const struct table row_tables[N_ROW_TABLES];

/* Row: struct session_state of state.h, one in the file; the only row that changes. */
extern const struct table state_table;

/* Statements; a strbuf that failed means out of memory. */
void schema__create_sql(struct strbuf *sql, const struct table *t);
void schema__insert_sql(struct strbuf *sql, const struct table *t);
/* Writes the row of a table that has one and no checksum. */
void schema__replace_sql(struct strbuf *sql, const struct table *t);
/* Columns: rowid, then tick for row tables, then the table's own, then the
 * checksum where the table has one. In rowid order: the order of writing. */
void schema__select_sql(struct strbuf *sql, const struct table *t);

/* Tables that are no rows of a struct: format, text. */
extern const char schema_format_sql[], schema_text_sql[];

/* The vector of a row table in a tick. */
size_t schema__n_rows(const struct table *t, const struct tick *tick);
const void *schema__row(const struct table *t, const struct tick *tick, size_t i);
/* Appends a copy of the struct at `row` (what it points to becomes the tick's). 0 or -ENOMEM. */
int schema__push(const struct table *t, struct tick *tick, const void *row);
