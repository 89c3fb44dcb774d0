/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/symbolizer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "symbol/open_file.h"

struct identity {
	uint64_t uid;	    /* effective */
	uint64_t inner_pid; /* in its own pid namespace */
};

/* "Uid:" real, effective, …; "NSpid:" (from 4.1 on) one for each namespace, innermost last. */
static int read_identity(int proc_fd, uint32_t pid, struct identity *ret)
{
	struct identity id = {.uid = UINT64_MAX, .inner_pid = pid};
	char path[32], buf[4096];
	struct cursor text, line, word;
	ssize_t n;

	snprintf(path, sizeof(path), "%u/status", pid);
	n = read_file_at(proc_fd, path, buf, sizeof(buf));
	if (n < 0 && n != -EFBIG)
		return n == -ENOENT ? -ESRCH : (int)n;
	text = (struct cursor){buf, buf + (n < 0 ? (ssize_t)sizeof(buf) - 1 : n)};
	while (!cursor_line(&text, &line)) {
		if (cursor_word(&line, &word))
			continue;
		if (cursor_is(word, "Uid:") && !cursor_word(&line, &word))
			cursor_u64(&line, &id.uid);
		else if (cursor_is(word, "NSpid:"))
			while (!cursor_u64(&line, &id.inner_pid))
				;
	}
	if (id.uid == UINT64_MAX)
		return -EBADMSG;
	*ret = id;
	return 0;
}

int perf_map_open(int proc_fd, uint32_t pid)
{
	_cleanup_close_ int root = -1, fd = -1;
	struct identity id;
	char path[64];
	struct stat st;
	int err = read_identity(proc_fd, pid, &id);

	if (err)
		return err;
	snprintf(path, sizeof(path), "%u/root", pid);
	root = openat(proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	snprintf(path, sizeof(path), "tmp/perf-%llu.map", (unsigned long long)id.inner_pid);
	fd = open_regular_no_links(root, path);
	if (fd < 0)
		return fd == -ELOOP || fd == -EINVAL ? -EPERM : fd;
	/* Anybody may create a file in /tmp. */
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_uid != id.uid && st.st_uid != 0) || (st.st_mode & S_IWOTH))
		return -EPERM;
	return TAKE_FD(fd);
}

int kernel_symbols_open(int root_fd)
{
	int fd = openat(root_fd, "proc/kallsyms", O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}
