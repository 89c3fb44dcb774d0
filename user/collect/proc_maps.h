/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of /proc/PID/maps. */
#pragma once

#include <stdbool.h>

#include "base/parse.h"

struct map_line {
	uint64_t start, end;
	uint64_t offset; /* in the file */
	uint64_t dev, inode;
	bool exec, shared;
	struct cursor
		path; /* may be empty; the kernel escapes newlines as \012, and nothing else */
};

/* One line; 0 or -EINVAL, and *ret may be anything. */
int proc_maps_line(struct cursor line, struct map_line *ret);
/* Next line that can be read; others are skipped. 0, or -ENODATA at the end. */
int proc_maps_next(struct cursor *text, struct map_line *ret);
