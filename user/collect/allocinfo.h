/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the kernel itself counts each allocation: /proc/allocinfo
 * (CONFIG_MEM_ALLOC_PROFILING, 6.10 on) by place in the source, and page_owner's
 * show_stacks (CONFIG_PAGE_OWNER and page_owner=on, 6.9 on) by stack.
 */
#pragma once

#include "base/parse.h"
#include "base/vec.h"

struct alloc_site {
	char name[96]; /* "mm/filemap.c:1951 __filemap_get_folio", "alloc_pg_vec < packet_set_ring"
			*/
	uint64_t bytes, count;
};

struct alloc_sites {
	struct alloc_site *v;
	size_t n, cap;
};

/* Text of /proc/allocinfo: appends the sites that hold anything. 0, -ENOMEM, or -EBADMSG without
 * its heading. Pure. */
int allocinfo_parse(struct cursor text, struct alloc_sites *s);
/* Of all sites the `top` largest. 0 or -errno (-ENOENT: the kernel is built without, or it is off).
 */
int allocinfo_read(int root_fd, size_t top, struct alloc_sites *s);

/* A site's name as it grows from the frames of its stack. */
struct alloc_frames {
	size_t len;
	int n;
};

/* "function+0x12/0x80": adds the function to the name, unless it is the allocator's own at the
 * leaf, or there are three already; other words are no frames. */
void alloc_site_frame(struct cursor word, struct alloc_site *site, struct alloc_frames *f);

/* Text of show_stacks: stacks leaf first, each ended by "nr_base_pages: N" (6.9: "stack_count:").
 * Appends, named by the first frames that are not the allocator's. 0 or -ENOMEM. Pure. */
int page_stacks_parse(struct cursor text, uint64_t page_size, struct alloc_sites *s);
int page_stacks_read(int root_fd, uint64_t page_size, size_t top, struct alloc_sites *s);
