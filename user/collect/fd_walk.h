/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process's descriptors one by one, without keeping them. */
#pragma once

#include <dirent.h>
#include <stdint.h>

#include "base/parse.h"

/* dir_fd and name lead to the descriptor, link is what it is. Returns 0 to go on. */
typedef int fd_visit_fn(void *arg, int dir_fd, const char *name, const char *link);

/* The directory of a process's descriptors, for the caller to close. 0; -ESRCH: gone; -EACCES: not
 * ours to see; -errno. */
int fd_dir_open(int root_fd, uint32_t pid, DIR **ret);

/* As fd_dir_open(), or what `visit` returned. *n_seen is counted up. */
int fd_walk(int root_fd, uint32_t pid, fd_visit_fn *visit, void *arg, uint64_t *n_seen);

/* "name:  number" in the text of a fdinfo file, with KiB and MiB (of "memlock" there is none:
 * bytes). 0, or -ENOENT. Pure. */
int fdinfo_find(struct cursor text, const char *name, uint64_t *ret);

/* Bytes of the mappings with this name in the text of /proc/PID/maps, and how many. Those of at
 * most block_max bytes count as the block they lie in, a power of two. Pure. */
void maps_sum(struct cursor text, const char *name, uint64_t block_max, uint64_t *ret_bytes,
	      uint64_t *ret_n);
