/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/tmpfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/file.h"

#define TEXT_MAX (64u * 1024 * 1024) /* 100,000 mounts by default (fs.mount-max) */

/* "0:25" */
static int parse_dev(struct cursor word, struct tmpfs_mount *m)
{
	const char *colon = memchr(word.p, ':', (size_t)(word.end - word.p));
	struct cursor first = {word.p, colon}, second = {colon ? colon + 1 : NULL, word.end};
	uint64_t a, b;

	if (!colon || cursor_u64(&first, &a) || cursor_u64(&second, &b) || a > UINT32_MAX ||
	    b > UINT32_MAX)
		return -EBADMSG;
	m->major = (uint32_t)a;
	m->minor = (uint32_t)b;
	return 0;
}

/* ID PARENT MAJOR:MINOR ROOT PLACE OPTIONS [FIELD…] - TYPE SOURCE OPTIONS */
static int parse_line(struct cursor line, struct tmpfs_mount *ret)
{
	static const char *const types[] = {"tmpfs", "devtmpfs", "ramfs"};
	struct tmpfs_mount m = {0};
	struct cursor word, place, type;
	uint64_t n;

	if (cursor_u64(&line, &n) || cursor_u64(&line, &n) || cursor_word(&line, &word) ||
	    parse_dev(word, &m) || cursor_word(&line, &word) || cursor_word(&line, &place))
		return -EBADMSG;
	do {
		if (cursor_word(&line, &word))
			return -EBADMSG;
	} while (!cursor_is(word, "-"));
	if (cursor_word(&line, &type))
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (cursor_is(type, types[i]) && cursor_copy(type, m.type, sizeof(m.type))) {
			cursor_unescape(place, m.path, sizeof(m.path));
			*ret = m;
			return 0;
		}
	return -EBADMSG;
}

static bool has(const struct tmpfs_list *l, const struct tmpfs_mount *m)
{
	vec_for_each(old, l)
		if (old->major == m->major && old->minor == m->minor)
			return true;
	return false;
}

int tmpfs_parse(struct cursor text, struct tmpfs_list *l)
{
	struct tmpfs_mount m;
	struct cursor line;

	while (!cursor_line(&text, &line))
		if (line.end < text.end && !parse_line(line, &m) && !has(l, &m) && vec_push(l, m))
			return -ENOMEM;
	return 0;
}

/* What is there may be another filesystem, mounted over it. */
static void read_use(int root_fd, struct tmpfs_mount *m)
{
	const char *relative = m->path + strspn(m->path, "/");
	_cleanup_close_ int fd = openat(root_fd, *relative ? relative : ".", O_PATH | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || fstatfs(fd, &fs) || fs.f_type != TMPFS_MAGIC ||
	    major(st.st_dev) != m->major || minor(st.st_dev) != m->minor)
		return;
	m->use_known = true;
	m->size = fs.f_blocks * (uint64_t)fs.f_bsize;
	m->used = (fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize;
	m->n_inodes = fs.f_files - fs.f_ffree;
}

int tmpfs_read(int root_fd, struct tmpfs_list *l)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0, n_before = l->n;
	ssize_t len = read_file_grow(root_fd, "proc/self/mountinfo", &text, &cap, TEXT_MAX);
	int err;

	if (len < 0)
		return (int)len;
	err = tmpfs_parse((struct cursor){text, text + len}, l);
	for (size_t i = n_before; !err && i < l->n; i++)
		read_use(root_fd, &l->v[i]);
	return err;
}
