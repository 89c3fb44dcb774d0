/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/fd_links.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "collect/fd_walk.h"

static const char deleted[] = " (deleted)";

/* Beginnings of links, the first that fits. */
static const struct {
	const char *prefix;
	enum fd_kind kind;
} prefixes[] = {
	{"socket:[", FD_SOCKET},
	{"pipe:[", FD_PIPE},
	{"/memfd:", FD_SHM},
	{"/dev/shm/", FD_SHM},
	{"/SYSV", FD_SHM},
	{"/dev/", FD_DEVICE},
	{"anon_inode:[eventpoll]", FD_EPOLL},
	{"anon_inode:[eventfd]", FD_EVENT},
	{"anon_inode:[timerfd]", FD_EVENT},
	{"anon_inode:[signalfd]", FD_EVENT},
	{"anon_inode:[fanotify]", FD_EVENT},
	{"anon_inode:inotify", FD_EVENT},
	{"anon_inode:[inotify]", FD_EVENT},
	{"anon_inode:bpf-", FD_BPF},
	{"anon_inode:[bpf-", FD_BPF},
	{"/", FD_FILE},
	{"", FD_OTHER},
};

void fd_link_parse(const char *link, struct open_file *ret)
{
	struct open_file f = {0};
	size_t len = strlen(link), tail = sizeof(deleted) - 1, i = 0;

	while (strncmp(link, prefixes[i].prefix, strlen(prefixes[i].prefix)))
		i++;
	f.kind = prefixes[i].kind;
	if (*link == '/' && len > tail && !strcmp(link + len - tail, deleted)) {
		f.is_deleted = true;
		len -= tail;
	}
	if (len >= sizeof(f.target))
		len = sizeof(f.target) - 1;
	memcpy(f.target, link, len);
	f.target[len] = '\0';
	*ret = f;
}

/* DONT_SYNC: a network filesystem is not asked, it might not answer. */
static void read_size(int dir_fd, const char *name, struct open_file *f)
{
	struct statx st;

	if (statx(dir_fd, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &st) ||
	    !S_ISREG(st.stx_mode))
		return;
	f->size_known = true;
	f->dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	f->inode = st.stx_ino;
	f->size = st.stx_size;
	f->allocated = st.stx_blocks * 512;
}

static int add_fd(int dir_fd, const char *name, size_t max, struct open_files *files)
{
	char link[PATH_MAX];
	ssize_t len = readlinkat(dir_fd, name, link, sizeof(link) - 1);
	struct open_file f;
	uint32_t fd;

	if (len < 0 || parse_u32(name, &fd)) {
		files->n_skipped++;
		return len < 0 && errno == EACCES ? -EACCES : 0;
	}
	link[len] = '\0';
	fd_link_parse(link, &f);
	files->count[f.kind]++;
	if (files->n >= max) {
		files->n_skipped++;
		return 0;
	}
	f.fd = fd;
	if (f.kind == FD_SHM || f.is_deleted)
		read_size(dir_fd, name, &f);
	return vec_push(files, f);
}

static int compare_fds(const void *a, const void *b)
{
	const struct open_file *x = a, *y = b;

	return x->fd < y->fd ? -1 : x->fd > y->fd;
}

static int read_dir(DIR *dir, size_t max, struct open_files *files)
{
	struct dirent *e;
	int err = 0;

	while (!err && (errno = 0, e = readdir(dir)))
		if (e->d_name[0] != '.')
			err = add_fd(dirfd(dir), e->d_name, max, files);
	if (!err && errno)
		err = errno == ENOENT ? -ESRCH : -errno;
	if (files->n)
		qsort(files->v, files->n, sizeof(*files->v), compare_fds);
	return err;
}

void open_files__free(struct open_files *f)
{
	vec_free(f);
	memset(f->count, 0, sizeof(f->count));
	f->n_skipped = 0;
}

int open_files__read(int root_fd, uint32_t pid, size_t max, struct open_files *ret)
{
	_cleanup_(open_files__free) struct open_files found = {0};
	_cleanup_closedir_ DIR *dir = NULL;
	struct open_files old;
	int err = fd_dir_open(root_fd, pid, &dir);

	if (!err)
		err = read_dir(dir, max, &found);
	if (err)
		return err;
	old = *ret;
	*ret = found;
	found = old; /* freed on return */
	return 0;
}
