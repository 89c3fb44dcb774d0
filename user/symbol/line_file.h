/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "base/parse.h"

#define LINE_FILE_MAX_LINE 65536 /* of a longer line, the first so many bytes */

/*
 * Calls fn for each line of a file, without keeping the file in memory. Reads
 * from its beginning, whatever was read of it before. 0, -EFBIG (there was more
 * than max_bytes) or -errno.
 */
int line_file_read(int fd, uint64_t max_bytes, void (*fn)(void *arg, struct cursor line),
		   void *arg);
