/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that a process has mapped and need not have open any more. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "collect/hidden_set.h"
#include "collect/proc_maps.h"

/* Of less, a process need not be asked: its file pages are counted in RSS. */
#define FILE_PAGES_MIN (8ull << 20)
#define MAPS_MAX (16u * 1024 * 1024)

/* Found by its path first, so that nothing but this regular file is opened. -1: not to be had. */
static int open_mapped(int root_fd, uint32_t pid, const char *path, uint64_t inode)
{
	_cleanup_close_ int found = -1;
	char name[PATH_MAX + 32];
	struct stat st;

	if (snprintf(name, sizeof(name), "proc/%u/root%s", pid, path) >= (int)sizeof(name))
		return -1;
	found = openat(root_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (found < 0 || fstat(found, &st) || !S_ISREG(st.st_mode) || st.st_ino != inode)
		return -1;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", found);
	return open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int take_mapped(struct hidden *h, const struct proc_sample *p, const struct map_line *m)
{
	struct hidden_sample s = hidden_of(p, HIDDEN_CACHED_FILE, HIDDEN_EXACT);
	size_t len = (size_t)(m->path.end - m->path.p);
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];
	struct statx st;
	int err = 0;

	if (!m->inode || m->end - m->start < HIDDEN_CACHED_MIN || !len || len >= sizeof(path) ||
	    *m->path.p != '/')
		return 0;
	memcpy(path, m->path.p, len);
	path[len] = '\0';
	fd = open_mapped(h->root_fd, p->id.pid, path, m->inode);
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &st) ||
	    !hidden_may_ask(h, &st, &err) || hidden_cached(h, fd, &s.bytes) ||
	    s.bytes < HIDDEN_CACHED_MIN)
		return err;
	snprintf(s.name, sizeof(s.name), "%.95s", path);
	return hidden_set__add(&h->set, &s);
}

int hidden_mapped(struct hidden *h, const struct proc_sample *p)
{
	_cleanup_free_ char *text = NULL;
	struct map_line m;
	struct cursor maps;
	size_t cap = 0;
	char path[32];
	ssize_t len;
	int err = 0;

	if (!h->is_live || p->flags & PROC_KTHREAD || p->end.ended ||
	    !(p->known & 1u << PROC_FILE) || p->value[PROC_FILE] < FILE_PAGES_MIN)
		return 0;
	snprintf(path, sizeof(path), "proc/%u/maps", p->id.pid);
	len = read_file_grow(h->root_fd, path, &text, &cap, MAPS_MAX);
	if (len < 0)
		return len == -ENOMEM ? -ENOMEM : 0;
	maps = (struct cursor){text, text + len};
	while (!err && !proc_maps_next(&maps, &m))
		err = take_mapped(h, p, &m);
	return err;
}
