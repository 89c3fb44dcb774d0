/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/open_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* A place, not yet open: nothing behind it is touched. */
static int open_place(int root_fd, const char *path, uint64_t resolve)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
	long fd;

	how.resolve |= resolve;
	if (root_fd >= 0)
		how.resolve |= RESOLVE_IN_ROOT;
	fd = syscall(SYS_openat2, root_fd >= 0 ? root_fd : AT_FDCWD, path, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

static int open_at(int root_fd, const char *path, uint64_t resolve)
{
	_cleanup_close_ int place = open_place(root_fd, path, resolve);
	char self[32];
	struct stat st;
	int fd;

	if (place < 0)
		return place;
	if (fstat(place, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", place);
	fd = open(self, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int open_regular(int root_fd, const char *path)
{
	return open_at(root_fd, path, 0);
}

int open_regular_no_links(int root_fd, const char *path)
{
	return open_at(root_fd, path, RESOLVE_NO_SYMLINKS);
}
