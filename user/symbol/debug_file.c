/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/debug_file.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "symbol/open_file.h"

#define SYSTEM_DIR "/usr/lib/debug"

struct search {
	const struct debug_place *place;
	const struct debug_wanted *wanted;
	struct notes *notes;
};

static bool crc_is(int fd, uint32_t wanted)
{
	unsigned char buf[65536];
	uLong crc = crc32(0, NULL, 0);
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		crc = crc32(crc, buf, (uInt)n);
		at += n;
	}
	return n == 0 && crc == wanted;
}

static void end_elf(Elf **e)
{
	elf_end(*e);
}

/* Whether the file proves that it is the one that is wanted. */
static bool belongs(int fd, const struct debug_wanted *w)
{
	_cleanup_(end_elf) Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	const void *id = NULL;
	ssize_t size;

	if (!elf || elf_kind(elf) != ELF_K_ELF)
		return false;
	size = dwelf_elf_gnu_build_id(elf, &id);
	if (size > 0 && w->build_id_size)
		return (size_t)size == w->build_id_size && !memcmp(id, w->build_id, (size_t)size);
	return w->has_crc && crc_is(fd, w->crc);
}

/* Descriptor, or -ENOENT. */
static int try_file(const struct search *s, int root_fd, const char *path)
{
	_cleanup_close_ int fd = open_regular(root_fd, path);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -ENOENT;
	if (st.st_dev == s->place->dev && st.st_ino == s->place->ino)
		return -ENOENT;
	if (belongs(fd, s->wanted))
		return TAKE_FD(fd);
	notes__add(s->notes, NOTE_MISMATCH, path);
	return -ENOENT;
}

static int __attribute__((format(printf, 3, 4)))
try_path(const struct search *s, int root_fd, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	return len < 0 || (size_t)len >= sizeof(path) ? -ENOENT : try_file(s, root_fd, path);
}

static int by_build_id(const struct search *s, int root_fd, const char *dir)
{
	char hex[2 * 64 + 1];
	size_t n = s->wanted->build_id_size;

	if (n < 2 || n > 64)
		return -ENOENT;
	for (size_t i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", s->wanted->build_id[i]);
	return try_path(s, root_fd, "%s/.build-id/%.2s/%s.debug", dir, hex, hex + 2);
}

/* As /usr/lib/debug is laid out: below it the tree of the machine once more. */
static int by_link_in(const struct search *s, int root_fd, const char *dir)
{
	const char *link = s->wanted->link, *module = s->place->module;
	const char *slash = strrchr(module, '/');
	int fd;

	if (!link)
		return -ENOENT;
	if (link[0] == '/') {
		size_t n = strlen(SYSTEM_DIR);

		if (strncmp(link, SYSTEM_DIR "/", n + 1) != 0)
			return -ENOENT;
		return try_path(s, root_fd, "%s%s", dir, link + n);
	}
	fd = -ENOENT;
	if (slash && module[0] == '/')
		fd = try_path(s, root_fd, "%s%.*s/%s", dir, (int)(slash - module), module, link);
	return fd < 0 ? try_path(s, root_fd, "%s/%s", dir, link) : fd;
}

static int in_dir(const struct search *s, int root_fd, const char *dir)
{
	int fd = by_build_id(s, root_fd, dir);

	return fd < 0 ? by_link_in(s, root_fd, dir) : fd;
}

static int beside_module(const struct search *s)
{
	const char *link = s->wanted->link, *module = s->place->module;
	const char *slash = strrchr(module, '/');
	int root_fd = s->place->root_fd, dir_len = slash ? (int)(slash - module) : 0;
	int fd;

	if (!link)
		return -ENOENT;
	if (link[0] == '/')
		return try_file(s, root_fd, link);
	if (!slash)
		return -ENOENT;
	fd = try_path(s, root_fd, "%.*s/.debug/%s", dir_len, module, link);
	return fd < 0 ? try_path(s, root_fd, "%.*s/%s", dir_len, module, link) : fd;
}

int debug_file_find(const struct debug_place *p, const struct debug_wanted *w, struct notes *notes)
{
	const struct search s = {p, w, notes};
	int fd = -ENOENT;

	for (const char *const *dir = p->dirs; fd < 0 && dir && *dir; dir++)
		fd = in_dir(&s, -1, *dir);
	if (fd < 0)
		fd = beside_module(&s);
	if (fd < 0 && p->root_fd >= 0)
		fd = in_dir(&s, p->root_fd, SYSTEM_DIR);
	return fd < 0 ? in_dir(&s, -1, SYSTEM_DIR) : fd;
}
