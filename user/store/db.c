/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "store/vfs.h"

/* Readers hold the file for the blink of an eye; longer than this is not worth a tick. */
#define BUSY_MS 200

static const struct {
	int rc, err;
} errors[] = {
	{SQLITE_NOMEM, ENOMEM},	     {SQLITE_FULL, ENOSPC},	  {SQLITE_CORRUPT, EBADMSG},
	{SQLITE_NOTADB, EBADMSG},    {SQLITE_ERROR, EBADMSG},	  {SQLITE_FORMAT, EBADMSG},
	{SQLITE_INTERRUPT, EBADMSG}, {SQLITE_MISMATCH, EBADMSG},  {SQLITE_TOOBIG, EBADMSG},
	{SQLITE_BUSY, EBUSY},	     {SQLITE_LOCKED, EBUSY},	  {SQLITE_PROTOCOL, EBUSY},
	{SQLITE_READONLY, EROFS},    {SQLITE_PERM, EACCES},	  {SQLITE_CANTOPEN, EACCES},
	{SQLITE_AUTH, EACCES},	     {SQLITE_CONSTRAINT, EINVAL}, {SQLITE_RANGE, EINVAL},
	{SQLITE_MISUSE, EINVAL},
};

int db__errno(sqlite3 *db, int rc)
{
	int primary = rc & 0xff;
	int system = db ? sqlite3_system_errno(db) : 0;

	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return 0;
	if (rc == SQLITE_IOERR_NOMEM)
		return -ENOMEM;
	if ((primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) && system > 0)
		return -system;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].rc == primary)
			return -errors[i].err;
	return -EIO;
}

int db__exec(sqlite3 *db, const char *sql)
{
	return db__errno(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int db__prepare(sqlite3 *db, struct strbuf *sql, sqlite3_stmt **ret)
{
	int err;

	if (sql->failed) {
		strbuf_free(sql);
		return -ENOMEM;
	}
	err = db__errno(db, sqlite3_prepare_v2(db, sql->s, (int)sql->len, ret, NULL));
	strbuf_free(sql);
	return err;
}

int db__run(sqlite3_stmt *st)
{
	sqlite3_step(st);
	return db__errno(sqlite3_db_handle(st), sqlite3_reset(st));
}

static const char *const side_suffixes[] = {"-journal", "-wal", "-shm"};
#define N_SIDES (sizeof(side_suffixes) / sizeof(side_suffixes[0]))

static int side_name(const char *name, size_t i, char buf[static NAME_MAX + 1])
{
	int len = snprintf(buf, NAME_MAX + 1, "%s%s", name, side_suffixes[i]);

	return len > NAME_MAX ? -ENAMETOOLONG : 0;
}

/* A journal that lies there already would be played back into the new file. */
static int check_no_sides(int dirfd, const char *name)
{
	char side[NAME_MAX + 1];
	struct stat st;

	if (!*name || strchr(name, '/'))
		return -EINVAL;
	for (size_t i = 0; i < N_SIDES; i++) {
		int err = side_name(name, i, side);

		if (err)
			return err;
		if (fstatat(dirfd, side, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return -EEXIST;
		if (errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* A file of ours and not one that somebody put there in the meantime. */
static int check_ours(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1 ||
	    (st.st_mode & 0007))
		return -EPERM;
	return 0;
}

static int check_all_ours(int dirfd, const char *name)
{
	char side[NAME_MAX + 1];
	int err = check_ours(dirfd, name);

	for (size_t i = 0; i < N_SIDES && !err; i++) {
		err = side_name(name, i, side);
		if (!err)
			err = check_ours(dirfd, side);
	}
	return err;
}

void db__remove(int dirfd, const char *name)
{
	char side[NAME_MAX + 1];

	unlinkat(dirfd, name, 0);
	for (size_t i = 0; i < N_SIDES; i++)
		if (!side_name(name, i, side) && !check_ours(dirfd, side))
			unlinkat(dirfd, side, 0);
}

/*
 * SQLite gives -wal and -shm the mode of the file itself: 0640. The WAL is
 * synced at checkpoints only (synchronous=NORMAL): kill -9 costs nothing then,
 * power loss what was written since; db__sync_commits() changes that. Nothing
 * is ever put into a temporary file.
 */
static const char writer_pragmas[] = "PRAGMA journal_mode=WAL;"
				     "PRAGMA synchronous=NORMAL;"
				     "PRAGMA temp_store=MEMORY;"
				     "PRAGMA cache_size=-256;"
				     "PRAGMA journal_size_limit=4194304;"
				     "PRAGMA trusted_schema=OFF;";

int db__sync_commits(sqlite3 *db, bool sync)
{
	return db__exec(db, sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

static int open_writer(int dirfd, const char *name, sqlite3 **ret)
{
	char path[sizeof("/proc/self/fd/-2147483648/") + NAME_MAX];
	int rc, err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
	rc = sqlite3_open_v2(path, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, VFS_WRITE);
	err = db__errno(*ret, rc);
	if (err)
		return err;
	sqlite3_extended_result_codes(*ret, 1);
	sqlite3_busy_timeout(*ret, BUSY_MS);
	err = db__exec(*ret, writer_pragmas);
	return err ? err : check_all_ours(dirfd, name);
}

int db__create(int dirfd, const char *name, sqlite3 **ret)
{
	sqlite3 *db = NULL;
	int fd, err = vfs__register();

	if (!err)
		err = check_no_sides(dirfd, name);
	if (err)
		return err;
	fd = create_file_at(dirfd, name);
	if (fd < 0)
		return fd;
	/* Before SQLite opens it: closing any descriptor of a file drops its locks. */
	close(fd);

	err = open_writer(dirfd, name, &db);
	if (err) {
		sqlite3_close(db);
		db__remove(dirfd, name);
		return err;
	}
	*ret = db;
	return 0;
}

/* --- reading --- */

/* ":memory:" and "file:..." are names of files here. */
static void plain_path(struct strbuf *b, const char *path)
{
	strbuf_addf(b, "%s%s", *path == '/' ? "" : "./", path);
}

/* Far above what our schema takes: pages that refer to each other in circles
 * make a scan without end. */
#define SCHEMA_STEPS_MAX 1000000

static int give_up(void *arg)
{
	(void)arg;
	return 1;
}

void db__trust_structure(sqlite3 *db)
{
	sqlite3_progress_handler(db, 0, NULL, NULL);
}

/*
 * The file is not to be trusted. Its schema is compared with ours before
 * anything is read, these stop it from doing something while it is parsed.
 * WRITABLE_SCHEMA makes SQLite read a file that is shorter than its header
 * says; nothing can be written through this connection.
 */
static int harden(sqlite3 *db)
{
	static const struct {
		int what, value;
	} switches[] = {
		{SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1}, {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},  {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
		{SQLITE_DBCONFIG_ENABLE_FKEY, 0},     {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
	};

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		sqlite3_db_config(db, switches[i].what, switches[i].value, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1 << 20);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_progress_handler(db, SCHEMA_STEPS_MAX, give_up, NULL);
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, BUSY_MS);
	return db__exec(db, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"
			    "PRAGMA temp_store=MEMORY; PRAGMA query_only=ON;"
			    "BEGIN; SELECT 1 FROM sqlite_master LIMIT 1;");
}

static int try_open(const char *path, const char *vfs, sqlite3 **ret)
{
	struct strbuf name = {0};
	sqlite3 *db = NULL;
	int rc, err;

	plain_path(&name, path);
	if (name.failed) {
		strbuf_free(&name);
		return -ENOMEM;
	}
	rc = sqlite3_open_v2(name.s, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, vfs);
	strbuf_free(&name);
	err = db__errno(db, rc);
	if (!err)
		err = harden(db);
	if (!err) {
		*ret = db;
		return 0;
	}
	log_debug("session, %s: %s", vfs, db ? sqlite3_errmsg(db) : "out of memory");
	sqlite3_close(db);
	return err;
}

static bool has_shm(const char *path)
{
	struct strbuf shm = {0};
	struct stat st;
	bool has;

	strbuf_addf(&shm, "%s-shm", path);
	has = !shm.failed && stat(shm.s, &st) == 0;
	strbuf_free(&shm);
	return has;
}

/*
 * A connection that lives has a -shm file, and readers share it with the
 * writer. Where there is none, or it cannot be opened as it would have to be,
 * nobody writes.
 */
int db__open(const char *path, sqlite3 **ret)
{
	struct stat st;
	int err = vfs__register();

	if (err)
		return err;
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EBADMSG;
	if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0)
		return -errno;

	if (!has_shm(path))
		return try_open(path, VFS_COLD, ret);
	err = try_open(path, VFS_READ, ret);
	if (err == -EROFS || err == -EACCES || err == -EPERM)
		err = try_open(path, VFS_COLD, ret);
	return err;
}
