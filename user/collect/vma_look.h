/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What really is mapped, beside what was seen of it. */
#pragma once

#include "base/parse.h"
#include "collect/vma_spaces.h"

/* Bytes of a space by where they are known from. Pure. */
struct vma_bytes {
	uint64_t of[_RANGE_ORIGIN_MAX];
};
void vma_space__bytes(struct vma_space *s, struct vma_bytes *ret);

/*
 * Makes a space what the text of its /proc/PID/maps says, which was read at
 * `at_ns` (CLOCK_BOOTTIME) while nothing happened in it. At the first look what
 * is not known was mapped before; later it was missed, and what is not there any
 * more goes. ret_stale: bytes that went. Pure. 0 or -ENOMEM.
 */
int vma_space__look(struct vma_space *s, struct cursor maps, uint64_t at_ns, uint64_t *ret_stale);

/* /proc/PID/maps of this process; text is grown as needed. Its length, or -errno. */
ssize_t vma_maps_read(int root_fd, struct proc_id id, char **text, size_t *cap);
