/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/vfs.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sqlite3_vfs *base; /* "unix" */
static sqlite3_vfs write_vfs, read_vfs, cold_vfs;
static sqlite3_io_methods cold_methods; /* those of "unix" with shared memory of our own */

static int literal_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	(void)vfs;
	return snprintf(out, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* --- reading --- */

/* A -wal that is not there is read as an empty one: SQLite insists on opening
 * one for a file in WAL mode. */
static int open_read_only(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
			  int *ret_flags)
{
	int there = 0;

	flags &= ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_DELETEONCLOSE);
	flags |= SQLITE_OPEN_READONLY;
	if ((flags & SQLITE_OPEN_WAL) && name) {
		base->xAccess(base, name, SQLITE_ACCESS_EXISTS, &there);
		if (!there)
			name = "/dev/null";
	}
	return base->xOpen(vfs, name, file, flags, ret_flags);
}

static int delete_nothing(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	(void)name;
	(void)sync;
	return SQLITE_OK;
}

static int no_journal(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
	static const char suffix[] = "-journal";
	size_t len = strlen(name), suffix_len = sizeof(suffix) - 1;

	if (len >= suffix_len && !strcmp(name + len - suffix_len, suffix)) {
		*ret = 0;
		return SQLITE_OK;
	}
	return base->xAccess(vfs, name, flags, ret);
}

/* --- shared memory that is not shared --- */

/* Behind the file object of "unix". */
struct cold_shm {
	void **pages;
	int n_pages;
};

/* As unixFile's size may be any, what follows it is copied, not cast. */
static struct cold_shm get_shm(sqlite3_file *file)
{
	struct cold_shm shm;

	memcpy(&shm, (char *)file + base->szOsFile, sizeof(shm));
	return shm;
}

static void set_shm(sqlite3_file *file, struct cold_shm shm)
{
	memcpy((char *)file + base->szOsFile, &shm, sizeof(shm));
}

static int shm_map(sqlite3_file *file, int page, int page_size, int extend, void volatile **ret)
{
	struct cold_shm shm = get_shm(file);

	(void)extend; /* pages are there when asked for: all zero, as a new file's */
	while (shm.n_pages <= page) {
		void **pages = realloc(shm.pages, ((size_t)shm.n_pages + 1) * sizeof(*pages));

		if (!pages)
			return SQLITE_NOMEM;
		shm.pages = pages;
		pages[shm.n_pages] = calloc(1, (size_t)page_size);
		if (pages[shm.n_pages])
			shm.n_pages++;
		set_shm(file, shm);
		if (shm.n_pages <= page && !pages[shm.n_pages])
			return SQLITE_NOMEM;
	}
	*ret = shm.pages[page];
	return SQLITE_OK;
}

static int shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	(void)file;
	(void)offset;
	(void)n;
	(void)flags;
	return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *file)
{
	(void)file;
}

static int shm_unmap(sqlite3_file *file, int delete)
{
	struct cold_shm shm = get_shm(file);

	(void)delete;
	for (int i = 0; i < shm.n_pages; i++)
		free(shm.pages[i]);
	free(shm.pages);
	set_shm(file, (struct cold_shm){0});
	return SQLITE_OK;
}

static int open_cold(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
		     int *ret_flags)
{
	int rc = open_read_only(vfs, name, file, flags, ret_flags);

	if (rc != SQLITE_OK || !(flags & SQLITE_OPEN_MAIN_DB))
		return rc;
	cold_methods = *file->pMethods;
	cold_methods.xShmMap = shm_map;
	cold_methods.xShmLock = shm_lock;
	cold_methods.xShmBarrier = shm_barrier;
	cold_methods.xShmUnmap = shm_unmap;
	file->pMethods = &cold_methods;
	set_shm(file, (struct cold_shm){0});
	return SQLITE_OK;
}

int vfs__register(void)
{
	if (base)
		return 0;
	base = sqlite3_vfs_find("unix");
	if (!base)
		return -ENOSYS;

	write_vfs = read_vfs = *base;
	write_vfs.zName = VFS_WRITE;
	write_vfs.xFullPathname = literal_path;
	read_vfs.zName = VFS_READ;
	read_vfs.xOpen = open_read_only;
	read_vfs.xDelete = delete_nothing;
	read_vfs.xAccess = no_journal;
	cold_vfs = read_vfs;
	cold_vfs.zName = VFS_COLD;
	cold_vfs.xOpen = open_cold;
	cold_vfs.szOsFile += (int)sizeof(struct cold_shm);
	if (sqlite3_vfs_register(&write_vfs, 0) || sqlite3_vfs_register(&read_vfs, 0) ||
	    sqlite3_vfs_register(&cold_vfs, 0))
		return -ENOMEM;
	return 0;
}
