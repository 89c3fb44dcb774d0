/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/fd_walk.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

int fd_dir_open(int root_fd, uint32_t pid, DIR **ret)
{
	char path[32];
	int err;

	snprintf(path, sizeof(path), "proc/%u/fd", pid);
	err = open_dir_at(root_fd, path, ret);
	return err == -ENOENT ? -ESRCH : err;
}

int fd_walk(int root_fd, uint32_t pid, fd_visit_fn *visit, void *arg, uint64_t *n_seen)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char link[PATH_MAX];
	struct dirent *e;
	int err = fd_dir_open(root_fd, pid, &dir);

	while (!err && (e = readdir(dir))) {
		ssize_t len;

		if (e->d_name[0] == '.')
			continue;
		++*n_seen;
		len = readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1);
		if (len < 0)
			continue; /* closed meanwhile */
		link[len] = '\0';
		err = visit(arg, dirfd(dir), e->d_name, link);
	}
	return err;
}

int fdinfo_find(struct cursor text, const char *name, uint64_t *ret)
{
	size_t len = strlen(name);
	struct cursor line, unit;
	uint64_t n;

	while (!cursor_line(&text, &line)) {
		if ((size_t)(line.end - line.p) <= len || memcmp(line.p, name, len) ||
		    line.p[len] != ':')
			continue;
		line.p += len + 1;
		if (cursor_u64(&line, &n))
			continue;
		if (!cursor_word(&line, &unit) &&
		    ((cursor_is(unit, "KiB") && __builtin_mul_overflow(n, 1024, &n)) ||
		     (cursor_is(unit, "MiB") && __builtin_mul_overflow(n, 1024 * 1024, &n))))
			continue;
		*ret = n;
		return 0;
	}
	return -ENOENT;
}

static int take_hex(const char **p, const char *end, uint64_t *ret)
{
	uint64_t n = 0;
	int digits = 0;

	for (; *p < end && digits < 17; (*p)++, digits++) {
		char c = **p;

		if (c >= '0' && c <= '9')
			n = n * 16 + (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n * 16 + (uint64_t)(c - 'a' + 10);
		else
			break;
	}
	*ret = n;
	return digits && digits < 17 ? 0 : -EBADMSG;
}

/* START-END PERMISSIONS OFFSET DEVICE INODE NAME */
static int mapping_bytes(struct cursor line, const char *name, uint64_t *ret)
{
	uint64_t start, end;
	struct cursor word;

	for (int i = 0; i < 5; i++)
		if (cursor_word(&line, &word) ||
		    (!i && (take_hex(&word.p, word.end, &start) || word.p >= word.end ||
			    *word.p++ != '-' || take_hex(&word.p, word.end, &end) || end < start)))
			return -EBADMSG;
	if (cursor_word(&line, &word) || !cursor_is(word, name))
		return -ENOENT;
	*ret = end - start;
	return 0;
}

static uint64_t block_of(uint64_t bytes)
{
	uint64_t block = 1;

	while (block < bytes)
		block <<= 1;
	return block;
}

void maps_sum(struct cursor text, const char *name, uint64_t block_max, uint64_t *ret_bytes,
	      uint64_t *ret_n)
{
	uint64_t bytes;
	struct cursor line;

	*ret_bytes = *ret_n = 0;
	while (!cursor_line(&text, &line)) {
		if (line.end >= text.end || mapping_bytes(line, name, &bytes))
			continue;
		if (bytes <= block_max)
			bytes = block_of(bytes);
		if (__builtin_add_overflow(*ret_bytes, bytes, ret_bytes))
			continue;
		(*ret_n)++;
	}
}
