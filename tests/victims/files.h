/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files as memory: making one of known size, and asking what of it is cached. */
#pragma once

#include "victim.h"

/* Makes a new file in `dir` and fills it; returns its descriptor. */
static inline int make_file(const char *dir, const char *stem, size_t bytes, char *path,
			    size_t size)
{
	static char block[64 * 1024];
	size_t done = 0;
	int fd;

	snprintf(path, size, "%s/%s.XXXXXX", dir, stem);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	while (done < bytes) {
		size_t part = bytes - done < sizeof(block) ? bytes - done : sizeof(block);
		ssize_t n;

		memset(block, (int)(done >> 16) | 1, part);
		n = write(fd, block, part);
		if (n <= 0) {
			int err = n ? errno : ENOSPC;

			unlink(path);
			die("%s: %s", path, strerror(err));
		}
		done += (size_t)n;
	}
	return fd;
}

/* How much of the file's first `bytes` is in the page cache. */
static inline size_t cached_bytes(int fd, size_t bytes)
{
	static unsigned char vec[4096];
	size_t page = page_size(), cached = 0;
	char *map;

	map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	for (size_t at = 0; at < bytes; at += sizeof(vec) * page) {
		size_t part = bytes - at < sizeof(vec) * page ? bytes - at : sizeof(vec) * page;

		if (mincore(map + at, part, vec))
			die("mincore: %s", strerror(errno));
		for (size_t i = 0; i < (part + page - 1) / page; i++)
			cached += (vec[i] & 1) * page;
	}
	munmap(map, bytes);
	return cached;
}

/* Writes the file out and drops it from the page cache; what somebody else has
 * hold of for a moment (writeback, a CPU's batch) is tried again. */
static inline void drop_file(int fd, size_t bytes)
{
	for (int tries = 0; tries < 50; tries++) {
		if (fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
			die("cannot drop the file from the page cache: %s", strerror(errno));
		if (!cached_bytes(fd, bytes))
			return;
		usleep(20000);
	}
}

/* Reads the whole file through read(2). */
static inline void read_file(int fd, size_t bytes)
{
	static char block[128 * 1024];

	for (size_t at = 0; at < bytes;) {
		ssize_t n = pread(fd, block, sizeof(block), (off_t)at);

		if (n <= 0)
			die("read: %s",
			    n ? strerror(errno) : "the file is shorter than it was made");
		at += (size_t)n;
	}
}
