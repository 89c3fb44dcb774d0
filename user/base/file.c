/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/vec.h"

#define OUTPUT_MODE 0640

/* O_NONBLOCK: a tree given by --sysroot may hold a FIFO where a file belongs. */
static int open_for_reading(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static ssize_t read_retry(int fd, void *buf, size_t size)
{
	ssize_t n;

	do
		n = read(fd, buf, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Reads until the end or until buf is full. */
static ssize_t read_full(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read_retry(fd, buf + len, size - len);

		if (n < 0)
			return n;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

ssize_t read_file_at(int dirfd, const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = -1;
	ssize_t len, more;
	char next;

	if (!size)
		return -EINVAL;
	fd = open_for_reading(dirfd, path);
	if (fd < 0)
		return fd;
	len = read_full(fd, buf, size - 1);
	if (len < 0)
		return len;
	buf[len] = '\0';
	if ((size_t)len < size - 1)
		return len;
	more = read_retry(fd, &next, 1);
	return more < 0 ? more : more ? -EFBIG : len;
}

static ssize_t read_rest(int fd, char **buf, size_t *cap, size_t max_bytes)
{
	size_t len = 0;

	for (;;) {
		ssize_t n;

		/* one for the NUL, one to see that there is more */
		if (*cap < len + 2) {
			int err = vec_grow_raw((void **)buf, cap, len + 4096, 1);

			if (err)
				return err;
		}
		n = read_full(fd, *buf + len, *cap - 1 - len);
		if (n < 0)
			return n;
		len += (size_t)n;
		(*buf)[len] = '\0';
		if (len > max_bytes)
			return -EFBIG;
		if (len < *cap - 1)
			return (ssize_t)len;
	}
}

ssize_t read_file_grow(int dirfd, const char *path, char **buf, size_t *cap, size_t max_bytes)
{
	_cleanup_close_ int fd = open_for_reading(dirfd, path);

	return fd < 0 ? fd : read_rest(fd, buf, cap, max_bytes);
}

ssize_t read_fd_grow(int fd, char **buf, size_t *cap, size_t max_bytes)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : read_rest(fd, buf, cap, max_bytes);
}

int dir_of_fd(int fd, DIR **ret)
{
	DIR *dir = fdopendir(fd);
	int err = dir ? 0 : -errno;

	if (err)
		close(fd);
	else
		*ret = dir;
	return err;
}

int open_dir_at(int dirfd, const char *path, DIR **ret)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : dir_of_fd(fd, ret);
}

int read_u64_at(int dirfd, const char *path, uint64_t *ret)
{
	char buf[64];
	ssize_t len = read_file_at(dirfd, path, buf, sizeof(buf));

	if (len < 0)
		return len == -EFBIG ? -EINVAL : (int)len;
	if (len && buf[len - 1] == '\n')
		len--;
	if (memchr(buf, '\0', (size_t)len))
		return -EINVAL;
	buf[len] = '\0';
	return parse_u64(buf, ret);
}

/* Copy of path without its trailing slashes: open() follows a link called "link/". */
static int strip_slashes(const char *path, char buf[static PATH_MAX])
{
	size_t len = strlen(path);

	if (!len)
		return -ENOENT;
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(buf, path, len);
	buf[len] = '\0';
	return 0;
}

int open_log_dir(const char *path)
{
	_cleanup_close_ int fd = -1;
	char name[PATH_MAX];
	struct stat st;
	int err = strip_slashes(path, name);

	if (err)
		return err;
	if (mkdir(name, 0750) < 0 && errno != EEXIST)
		return -errno;
	fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		if (lstat(name, &st) == 0 && S_ISLNK(st.st_mode))
			return -EPERM;
		return err;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		return -EPERM;
	return TAKE_FD(fd);
}

int create_file_at(int dirfd, const char *name)
{
	int fd;

	if (!*name || strchr(name, '/'))
		return -EINVAL;
	fd = openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, OUTPUT_MODE);
	return fd < 0 ? -errno : fd;
}

struct atomic_file {
	FILE *out;
	int dirfd; /* -1: written directly */
	char temp[64];
	char *name; /* last component of the path */
	bool no_sync;
};

static void free_atomic(struct atomic_file *f)
{
	if (!f)
		return;
	if (f->out)
		fclose(f->out);
	if (f->dirfd >= 0) {
		if (*f->temp)
			unlinkat(f->dirfd, f->temp, 0);
		close(f->dirfd);
	}
	free(f->name);
	free(f);
}

static void free_atomicp(struct atomic_file **f)
{
	free_atomic(*f);
}

/*
 * A descriptor of ours that the path names, or -1. These are links: opening
 * them again would start at offset 0 of what `>>file` made stdout, and
 * replacing them would remove /dev/stdout itself.
 */
static int descriptor_named(const char *path)
{
	static const char *const dirs[] = {"/dev/fd/", "/proc/self/fd/"};
	uint32_t n;

	if (!strcmp(path, "/dev/stdout"))
		return STDOUT_FILENO;
	if (!strcmp(path, "/dev/stderr"))
		return STDERR_FILENO;
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(dirs[i]);

		if (!strncmp(path, dirs[i], len) && !parse_u32(path + len, &n) && n <= INT_MAX)
			return (int)n;
	}
	return -1;
}

/*
 * Descriptor of an output that is no regular file, -ENOENT when the path is
 * to be written as a file of its own (*ret_mode: of the one that is there).
 */
static int open_direct(const char *path, mode_t *ret_mode)
{
	int fd = descriptor_named(path);
	struct stat st;

	if (fd >= 0) {
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? -errno : fd;
	}
	if (lstat(path, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode)) {
		*ret_mode = st.st_mode;
		return -ENOENT;
	}
	/* A link to a device is somebody's configuration; one to a file (or to
	 * nothing) may be planted. */
	if (S_ISLNK(st.st_mode) && (stat(path, &st) < 0 || S_ISREG(st.st_mode)))
		return -ELOOP;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || S_ISREG(st.st_mode)) { /* replaced since lstat() */
		close(fd);
		return -ELOOP;
	}
	return fd;
}

/* Opens the directory of path and a new file of a free name in it. */
static int open_temp(struct atomic_file *f, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	_cleanup_free_ char *dir = slash ? strndup(path, (size_t)(name - path)) : strdup(".");
	int fd = -EEXIST;

	f->name = strdup(name);
	if (!dir || !f->name)
		return -ENOMEM;
	if (!*name)
		return -EISDIR;
	f->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dirfd < 0)
		return -errno;
	for (int i = 0; fd == -EEXIST && i < 100; i++) {
		snprintf(f->temp, sizeof(f->temp), ".memtrace.%d.%d.tmp", (int)getpid(), i);
		fd = create_file_at(f->dirfd, f->temp);
	}
	if (fd < 0)
		*f->temp = '\0';
	return fd;
}

int atomic_file__open(const char *path, struct atomic_file **ret, FILE **ret_file)
{
	_cleanup_(free_atomicp) struct atomic_file *f = calloc(1, sizeof(*f));
	_cleanup_close_ int fd = -1;
	mode_t old_mode = 0;

	if (!f)
		return -ENOMEM;
	f->dirfd = -1;
	fd = open_direct(path, &old_mode);
	if (fd == -ENOENT) {
		fd = open_temp(f, path);
		/* Who could read the old file may read the new one: node_exporter's
		 * textfile collector runs as another user. */
		if (fd >= 0 && (old_mode & 0044))
			fchmod(fd, OUTPUT_MODE | (old_mode & 0044));
	}
	if (fd < 0)
		return fd;
	f->out = fdopen(fd, "w");
	if (!f->out)
		return -errno;
	fd = -1; /* the stream's now */
	*ret_file = f->out;
	*ret = TAKE_PTR(f);
	return 0;
}

int atomic_file__open_shared(const char *path, struct atomic_file **ret, FILE **ret_file)
{
	_cleanup_(free_atomicp) struct atomic_file *f = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!lstat(path, &st) && !S_ISREG(st.st_mode))
		return S_ISLNK(st.st_mode) ? -ELOOP : S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->dirfd = -1;
	f->no_sync = true;
	fd = open_temp(f, path);
	if (fd < 0)
		return fd;
	if (fchmod(fd, OUTPUT_MODE | 0044) < 0)
		return -errno;
	f->out = fdopen(fd, "w");
	if (!f->out)
		return -errno;
	fd = -1; /* the stream's now */
	*ret_file = f->out;
	*ret = TAKE_PTR(f);
	return 0;
}

/* Closes the stream; whether everything written to it has left us. */
static int finish_stream(struct atomic_file *f)
{
	FILE *out = TAKE_PTR(f->out);
	bool failed_before = ferror(out);
	int err = 0;

	if (fflush(out) || (f->dirfd >= 0 && !f->no_sync && fsync(fileno(out)) < 0))
		err = -errno;
	if (fclose(out) && !err)
		err = -errno;
	return !err && failed_before ? -EIO : err;
}

int atomic_file__commit(struct atomic_file *file)
{
	_cleanup_(free_atomicp) struct atomic_file *f = file;
	int err = finish_stream(f);

	if (err || f->dirfd < 0)
		return err;
	if (renameat(f->dirfd, f->temp, f->dirfd, f->name) < 0)
		return -errno;
	*f->temp = '\0';
	/* Some filesystems cannot sync a directory; the file is complete by now. */
	if (!f->no_sync)
		fsync(f->dirfd);
	return 0;
}

void atomic_file__abort(struct atomic_file *f)
{
	free_atomic(f);
}
