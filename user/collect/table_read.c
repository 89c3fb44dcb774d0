/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/table_read.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/file.h"

int table_read(int root_fd, const char *path, size_t max_bytes, table_parse_fn *parse, void *arg,
	       const size_t *n)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0, n_before = *n;
	ssize_t len = read_file_grow(root_fd, path, &text, &cap, max_bytes);
	int err;

	if (len < 0)
		return (int)len;
	err = parse((struct cursor){text, text + len}, arg);
	return !err && *n == n_before ? -EBADMSG : err;
}
