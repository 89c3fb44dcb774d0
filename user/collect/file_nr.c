/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/file_nr.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"

#define LIMITS_MAX 4096 /* 17 lines of 80 characters */

/* Allocated, free (0 since 2.6), maximum. */
int file_nr_parse(struct cursor text, struct file_table *ret)
{
	uint64_t allocated, free_ones, max;
	struct cursor line;

	if (cursor_line(&text, &line) || cursor_u64(&line, &allocated) ||
	    cursor_u64(&line, &free_ones) || cursor_u64(&line, &max) || free_ones > allocated)
		return -EBADMSG;
	*ret = (struct file_table){.used = allocated - free_ones, .max = max};
	return 0;
}

int file_nr_read(int root_fd, struct file_table *ret)
{
	char text[256];
	ssize_t len = read_file_at(root_fd, "proc/sys/fs/file-nr", text, sizeof(text));

	return len < 0 ? (int)len : file_nr_parse((struct cursor){text, text + len}, ret);
}

int pid_fd_limit_parse(struct cursor text, uint64_t *ret)
{
	static const char name[] = "Max open files ";
	struct cursor line, word;

	while (!cursor_line(&text, &line)) {
		if ((size_t)(line.end - line.p) < sizeof(name) - 1 ||
		    memcmp(line.p, name, sizeof(name) - 1))
			continue;
		line.p += sizeof(name) - 1;
		if (line.end == text.end || cursor_word(&line, &word))
			return -EBADMSG;
		if (cursor_is(word, "unlimited")) {
			*ret = UINT64_MAX;
			return 0;
		}
		return cursor_u64(&word, ret) ? -EBADMSG : 0;
	}
	return -EBADMSG;
}

int pid_fd_limit_read(int root_fd, uint32_t pid, uint64_t *ret)
{
	char path[64], text[LIMITS_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), "proc/%u/limits", pid);
	len = read_file_at(root_fd, path, text, sizeof(text));
	if (len < 0)
		return len == -ENOENT ? -ESRCH : (int)len;
	return pid_fd_limit_parse((struct cursor){text, text + len}, ret);
}
