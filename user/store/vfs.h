/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How SQLite reaches our files: variants of its "unix" VFS.
 *
 * VFS_WRITE  takes paths as they are. SQLite resolves links in a path first
 *            and opens the result later: of /proc/self/fd/N/name it would keep
 *            the text that N had then, and whoever owns a directory above
 *            could put another in its place.
 * VFS_READ   creates, deletes and changes nothing: no -wal is made where none
 *            is, none is removed, a journal that a killed writer left is not
 *            played back (sessions have one only for the moment in which
 *            journal_mode leaves WAL, when the file is right without it).
 *            Shares the -shm file with a writer.
 * VFS_COLD   VFS_READ with the contents of the -shm file in memory: for files
 *            that nobody writes, in places where nothing can be created.
 */
#pragma once

#define VFS_WRITE "memtrace-write"
#define VFS_READ "memtrace-read"
#define VFS_COLD "memtrace-cold"

/* Any number of times. 0 or -errno. */
int vfs__register(void);
