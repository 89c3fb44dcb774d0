/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who took memory by vmalloc. */
#pragma once

#include "base/parse.h"
#include "base/vec.h"

struct vmalloc_caller {
	char name[64]; /* function that asked, without its offset */
	uint64_t pages, areas;
	bool is_stack; /* takes kernel stacks, which have a counter of their own */
};

struct vmalloc_callers {
	struct vmalloc_caller *v;
	size_t n, cap;
};

/* Text of /proc/vmallocinfo: areas that have pages of their own, by caller (mappings of others'
 * pages have none). Appends; lines of another form and a cut one are skipped. 0 or -ENOMEM.
 * Pure. */
int vmallocinfo_parse(struct cursor text, struct vmalloc_callers *c);
/* 0 or -errno (-EACCES: root's alone; -EBADMSG: no line of it was understood). */
int vmallocinfo_read(int root_fd, struct vmalloc_callers *c);
