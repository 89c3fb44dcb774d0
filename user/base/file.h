/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files: readers take a root directory (--sysroot) so that tests feed them
 * captured or broken trees; writers never follow a planted link.
 */
#pragma once

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * Reads a whole small file relative to `dirfd` (AT_FDCWD allowed) into buf and
 * NUL-terminates. Returns the length, or -errno; -EFBIG when size - 1 bytes
 * did not hold it (buf then has the first size - 1 bytes).
 */
ssize_t read_file_at(int dirfd, const char *path, char *buf, size_t size);

/*
 * The same into a buffer that grows and is kept from call to call (owned by
 * the caller, *buf may be NULL with *cap 0). At most max_bytes: -EFBIG.
 */
ssize_t read_file_grow(int dirfd, const char *path, char **buf, size_t *cap, size_t max_bytes);
/* The same of a file that is open, from its start whatever was read of it; not for pipes. */
ssize_t read_fd_grow(int fd, char **buf, size_t *cap, size_t max_bytes);

/*
 * A directory to read, for the caller to close (*ret is untouched on failure). 0 or -errno; that
 * of fdopendir(3), too, which asks fstat(2): a /proc/PID/fd whose process has ended is ENOENT then.
 */
int open_dir_at(int dirfd, const char *path, DIR **ret);
/* The same of a descriptor, which is taken over, also on failure. */
int dir_of_fd(int fd, DIR **ret);

/* A number alone in a file; 0, -errno, or parse_u64's errors. */
int read_u64_at(int dirfd, const char *path, uint64_t *ret);

/*
 * Opens `path` as a directory, creating the last component (0750) when it is
 * missing. Refuses symbolic links in the last component and directories that
 * others may write to unless sticky (-EPERM). Returns a descriptor or -errno.
 */
int open_log_dir(const char *path);

/* Creates a new file 0640 in dirfd with O_EXCL|O_NOFOLLOW|O_CLOEXEC; descriptor or -errno. */
int create_file_at(int dirfd, const char *name);

/*
 * Output that appears whole or not at all: write to what `ret_file` gives,
 * then commit (flush, fsync, rename into place) or abort. A path that exists
 * and is not a regular file (/dev/stdout, a pipe) is written directly.
 */
struct atomic_file;
int atomic_file__open(const char *path, struct atomic_file **ret, FILE **ret_file);
int atomic_file__commit(struct atomic_file *f); /* frees f; 0 or -errno */

/*
 * For a file that is replaced again and again and read by all: mode 0644, and
 * the commit does not wait for the disk. Never writes to what is there already:
 * -ELOOP when that is a link, -EISDIR, -EINVAL for a device or pipe.
 */
int atomic_file__open_shared(const char *path, struct atomic_file **ret, FILE **ret_file);
void atomic_file__abort(struct atomic_file *f); /* frees f; NULL allowed */
