/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/cgroup_procs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/vec.h"

#define MOUNT_POINT "sys/fs/cgroup"
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* A descriptor a level is held open; the deepest trees of container hosts have about ten. */
#define DEPTH_MAX 64

/* Seven digits and a newline for each of the 4 Mi processes there can be. */
#define FILE_MAX_BYTES (8u * 4 * 1024 * 1024)

/* Where a hierarchy may be mounted, in the order that decides: v2 alone, v1 memory, v2 of a
 * hybrid system, and systemd's own when it is all there is. */
static const char *const bases[] = {
	MOUNT_POINT,
	MOUNT_POINT "/memory",
	MOUNT_POINT "/unified",
	MOUNT_POINT "/systemd",
};

struct walk {
	struct cgroup_procs found;
	char *text; /* of the file at hand, kept from file to file */
	size_t cap;
};

void cgroup_procs__free(struct cgroup_procs *p)
{
	vec_free(p);
	p->n_skipped = 0;
}

static void cleanup_walk(struct walk *w)
{
	cgroup_procs__free(&w->found);
	free(w->text);
}

static bool goes_up(const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && !memcmp(path, "..", 2))
			return true;
		path += len + strspn(path + len, "/");
	}
	return false;
}

/* The path without slashes in front and without the mount point. */
static const char *relative_path(const char *path)
{
	size_t len = strlen(MOUNT_POINT);

	path += strspn(path, "/");
	if (!strncmp(path, MOUNT_POINT, len) && (!path[len] || path[len] == '/'))
		path += len;
	return path + strspn(path, "/");
}

/* A directory is a cgroup when it has cgroup.procs. Descriptor or -errno. */
static int open_cgroup(int root_fd, const char *base, const char *path)
{
	char full[PATH_MAX];
	_cleanup_close_ int fd = -1;
	int n = snprintf(full, sizeof(full), "%s/%s", base, path);

	if (n >= (int)sizeof(full))
		return -ENAMETOOLONG;
	fd = openat(root_fd, full, DIR_FLAGS);
	if (fd < 0)
		return -errno;
	if (faccessat(fd, "cgroup.procs", F_OK, 0))
		return -errno;
	return TAKE_FD(fd);
}

static int find_cgroup(int root_fd, const char *path)
{
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		int fd = open_cgroup(root_fd, bases[i], path);

		if (fd != -ENOENT && fd != -ENOTDIR)
			return fd;
	}
	return -ENOENT;
}

static int add_numbers(struct cgroup_procs *p, struct cursor text)
{
	struct cursor line;

	while (!cursor_line(&text, &line)) {
		uint64_t pid;

		if (cursor_u64(&line, &pid) || !pid || pid > UINT32_MAX)
			continue;
		if (vec_push(p, (uint32_t)pid))
			return -ENOMEM;
	}
	return 0;
}

static int read_procs(struct walk *w, int dir_fd)
{
	ssize_t len = read_file_grow(dir_fd, "cgroup.procs", &w->text, &w->cap, FILE_MAX_BYTES);

	if (len < 0)
		return (int)len;
	return add_numbers(&w->found, (struct cursor){w->text, w->text + len});
}

/* Gone since it was listed; ENODEV: between open and read. */
static bool is_gone(int err)
{
	return err == -ENOENT || err == -ENODEV || err == -ENOTDIR;
}

static int walk_below(struct walk *w, int dir_fd, int depth);

static int walk_child(struct walk *w, int parent_fd, const char *name, int depth)
{
	_cleanup_close_ int fd = openat(parent_fd, name, DIR_FLAGS | O_NOFOLLOW);
	int err = fd < 0 ? -errno : 0;

	if (!err && depth > DEPTH_MAX)
		err = -ELOOP;
	if (!err)
		err = read_procs(w, fd);
	if (err == -EOPNOTSUPP)
		return 0; /* threaded, and so is all below: its processes are the domain's above */
	if (!err)
		err = walk_below(w, fd, depth);
	if (err == -ENOMEM)
		return err;
	if (err && !is_gone(err))
		w->found.n_skipped++;
	return 0;
}

static int walk_below(struct walk *w, int dir_fd, int depth)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;
	int failed = open_dir_at(dir_fd, ".", &dir);

	if (failed)
		return failed;
	while ((errno = 0, e = readdir(dir))) {
		int err;

		if (e->d_name[0] == '.' || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN))
			continue;
		err = walk_child(w, dir_fd, e->d_name, depth + 1);
		if (err)
			return err;
	}
	return -errno;
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* A process that moves while we read is seen in both places. */
static void sort_unique(struct cgroup_procs *p)
{
	size_t n = 0;

	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), compare_u32);
	for (size_t i = 0; i < p->n; i++)
		if (!n || p->v[n - 1] != p->v[i])
			p->v[n++] = p->v[i];
	p->n = n;
}

int cgroup_procs__read(int root_fd, const char *path, struct cgroup_procs *ret)
{
	_cleanup_(cleanup_walk) struct walk w = {0};
	_cleanup_close_ int fd = -1;
	struct cgroup_procs old;
	int err;

	if (goes_up(path))
		return -EINVAL;
	fd = find_cgroup(root_fd, relative_path(path));
	if (fd < 0)
		return fd;
	err = read_procs(&w, fd);
	if (!err)
		err = walk_below(&w, fd, 0);
	if (err)
		return err == -ENODEV ? -ENOENT : err;
	sort_unique(&w.found);
	old = *ret;
	*ret = w.found;
	w.found = old; /* freed with the walk */
	return 0;
}
