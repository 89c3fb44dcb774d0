/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of lines: the whole file is read, then parsed. */
#pragma once

#include <stddef.h>

#include "base/parse.h"

/* Appends to what arg is. 0 or -errno. */
typedef int table_parse_fn(struct cursor text, void *arg);

/* 0; -errno of reading (-EFBIG above max_bytes) or parsing; -EBADMSG when *n, which counts the
 * lines that were taken, is what it was before. */
int table_read(int root_fd, const char *path, size_t max_bytes, table_parse_fn *parse, void *arg,
	       const size_t *n);
