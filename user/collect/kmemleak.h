/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects that the kernel's own leak detector finds nothing to refer to (CONFIG_DEBUG_KMEMLEAK). */
#pragma once

#include "collect/allocinfo.h"

/* Text of kmemleak: appends a site for each path that made some, named by its first frames that
 * are not the allocator's. 0 or -ENOMEM. Pure. */
int kmemleak_parse(struct cursor text, struct alloc_sites *s);
/* What it found at its last scan. 0 or -errno (-ENOENT: this kernel is built without). */
int kmemleak_read(int root_fd, struct alloc_sites *s);
/* Has it look now: it reads through all of the kernel's memory, which takes seconds and more. 0 or
 * -errno. */
int kmemleak_scan(int root_fd);
