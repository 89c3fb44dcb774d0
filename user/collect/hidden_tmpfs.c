/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filesystems in memory, and the largest files in them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "collect/hidden_set.h"
#include "collect/tmpfs.h"

/* Names looked at in one look, of all mounts together: some 30 ms. */
#define NAMES_MAX 10000
#define DEPTH_MAX 24
/* A smaller file is not where memory went. */
#define FILE_MIN (256 << 10)

struct walk {
	struct hidden *h;
	dev_t dev;
	char path[512]; /* of the directory, then of what is in it */
	unsigned int *left;
};

static int take_file(struct walk *w, const struct stat *st)
{
	struct hidden_sample s = {
		.kind = HIDDEN_TMPFS_FILE, .certainty = HIDDEN_AT_MOST, .count = 1};
	size_t len = strlen(w->path), skip = 0;
	int err = 0;

	s.bytes = (uint64_t)st->st_blocks * 512;
	/* One file may have several names. */
	if (s.bytes < FILE_MIN ||
	    (st->st_nlink > 1 &&
	     !hidden_is_new(w->h, SEEN_FILE_NAME, st->st_dev, st->st_ino, &err)))
		return err;
	if (len >= sizeof(s.name)) /* the end tells more */
		skip = len - sizeof(s.name) + 1;
	snprintf(s.name, sizeof(s.name), "%s", w->path + skip);
	return hidden_set__add(&w->h->set, &s);
}

static int walk_dir(struct walk *w, int fd, unsigned int depth);

/* Of another filesystem: it is mounted there, and looked at by itself when it is in memory. */
static int take_name(struct walk *w, int dir_fd, const char *name, unsigned int depth)
{
	size_t len = strlen(w->path);
	struct stat st;
	int err = 0, fd;

	if (len + strlen(name) + 2 > sizeof(w->path)) {
		w->h->n_names_skipped++;
		return 0;
	}
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) ||
	    st.st_dev != w->dev)
		return 0;
	snprintf(w->path + len, sizeof(w->path) - len, "%s%s",
		 len && w->path[len - 1] == '/' ? "" : "/", name);
	if (S_ISREG(st.st_mode)) {
		err = take_file(w, &st);
	} else if (S_ISDIR(st.st_mode)) {
		fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			err = walk_dir(w, fd, depth + 1);
		else
			w->h->n_names_skipped++;
	}
	w->path[len] = '\0';
	return err;
}

/* Takes fd. */
static int walk_dir(struct walk *w, int fd, unsigned int depth)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;
	int err = 0;

	if (dir_of_fd(fd, &dir)) {
		w->h->n_names_skipped++;
		return 0;
	}
	while (!err && (e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (!*w->left || depth > DEPTH_MAX) {
			w->h->n_names_skipped++;
			break;
		}
		--*w->left;
		err = take_name(w, dirfd(dir), e->d_name, depth);
	}
	return err;
}

static int walk_mount(struct hidden *h, const struct tmpfs_mount *m, unsigned int *left)
{
	const char *relative = m->path + strspn(m->path, "/");
	struct walk w = {.h = h, .dev = makedev(m->major, m->minor), .left = left};
	int fd = openat(h->root_fd, *relative ? relative : ".",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || st.st_dev != w.dev) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	snprintf(w.path, sizeof(w.path), "%s", m->path);
	return walk_dir(&w, fd, 0);
}

static int add_mount(struct hidden *h, const struct tmpfs_mount *m)
{
	struct hidden_sample s = {.kind = HIDDEN_TMPFS,
				  .certainty = HIDDEN_AT_MOST,
				  .bytes = m->used,
				  .count = m->n_inodes};

	snprintf(s.name, sizeof(s.name), "%.*s", (int)sizeof(s.name) - 1, m->path);
	return hidden_set__add(&h->set, &s);
}

int hidden_tmpfs(struct hidden *h)
{
	struct tmpfs_list l = {0};
	unsigned int left = NAMES_MAX;
	int err = tmpfs_read(h->root_fd, &l);

	vec_for_each(m, &l) {
		if (err || !m->use_known || !m->used)
			continue;
		err = add_mount(h, m);
		if (!err && m->used >= FILE_MIN)
			err = walk_mount(h, m, &left);
	}
	vec_free(&l);
	return err;
}
