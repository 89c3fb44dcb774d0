/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SQLite, as far as both the writer and the reader of a session need it. */
#pragma once

#include <sqlite3.h>

#include "base/str.h"

/* What an SQLite result means as -errno; 0 for SQLITE_OK, ROW and DONE. */
int db__errno(sqlite3 *db, int rc);

int db__exec(sqlite3 *db, const char *sql); /* -errno */
/* Frees `sql`, whatever it returns. 0 or -errno. */
int db__prepare(sqlite3 *db, struct strbuf *sql, sqlite3_stmt **ret);
/* Runs a statement that gives no rows and resets it. 0 or -errno. */
int db__run(sqlite3_stmt *st);

/*
 * Creates dirfd/name, which must not exist, nor leftovers of an old one beside
 * it, and opens it for writing in WAL mode. What lies at the directory's path
 * afterwards does not matter: every file is reached through the descriptor
 * `dirfd`, which must stay open. 0 or -errno.
 */
int db__create(int dirfd, const char *name, sqlite3 **ret);
/* Whether commits from now on wait until the WAL is on the disk, which they do not at first. 0 or
 * -errno. */
int db__sync_commits(sqlite3 *db, bool sync);
/* Removes the file and what SQLite put beside it. */
void db__remove(int dirfd, const char *name);

/*
 * Opens an existing file for reading and begins a read transaction. Changes
 * neither the file nor its -wal, and leaves no new file beside it. 0, -ENOENT,
 * -EACCES, -EBADMSG (no database) or another -errno. A statement may do so
 * much work only, until db__trust_structure().
 */
int db__open(const char *path, sqlite3 **ret);
/* For when the schema was checked: rows without number may be read. */
void db__trust_structure(sqlite3 *db);
