/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/vmstat.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define VMSTAT_MAX (1 << 20) /* about 5 KiB today */

int vmstat_find(struct cursor text, const char *name, uint64_t *ret)
{
	size_t n = strlen(name);
	struct cursor line, word;

	while (cursor_line(&text, &line) == 0) {
		if (cursor_word(&line, &word) || (size_t)(word.end - word.p) != n ||
		    memcmp(word.p, name, n))
			continue;
		return cursor_u64(&line, ret);
	}
	return -ENOENT;
}

int vmstat_read(int root_fd, const char *name, uint64_t *ret)
{
	_cleanup_free_ char *buf = NULL;
	size_t cap = 0;
	ssize_t n = read_file_grow(root_fd, "proc/vmstat", &buf, &cap, VMSTAT_MAX);

	return n < 0 ? (int)n : vmstat_find((struct cursor){buf, buf + n}, name, ret);
}
