/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structs to SQLite rows and back, by the columns of schema.h. */
#pragma once

#include <sqlite3.h>

#include "store/schema.h"

/*
 * Checksum over values as they are written or read. SQLite finds damage in its
 * own structures only; this finds it in the values. Not a defence against who
 * can compute it: what is read is checked for range all the same.
 */
struct row_sum {
	uint64_t h;
};
/* FNV-1a's offset basis for 64 bits */
#define ROW_SUM_INIT ((struct row_sum){0xcbf29ce484222325ULL})

/* Binds the columns from parameter `first` on. Strings stay the row's: it must
 * live until the statement was run. 0 or -errno. */
int row__bind(sqlite3_stmt *st, int first, const struct table *t, const void *row,
	      struct row_sum *sum);

/* Puts the strings that are kept once into table text by `st`. SQLite's result code. */
int row__intern(sqlite3_stmt *st, const struct table *t, const void *row);

/*
 * Fills the struct from the result columns from `first` on. 0, -EBADMSG when a
 * value cannot be, or -ENOMEM; *row is then zero. A COLUMN_PATH is malloc'ed
 * and counted into *text_bytes.
 */
int row__read(sqlite3_stmt *st, int first, const struct table *t, void *row, struct row_sum *sum,
	      size_t *text_bytes);
/* Frees what row__read() allocated. */
void row__clear(const struct table *t, void *row);
