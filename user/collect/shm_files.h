/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that live in memory and who holds them, gathered process by process:
 * what they have open, what they have mapped, and the names in /dev/shm.
 */
#pragma once

#include "base/hmap.h"
#include "collect/mapping.h"
#include "model/analysis.h"
#include "model/tick.h"

struct shm_files {
	VEC(struct shm_file) files;
	VEC(struct shm_holder) holders; /* at most SHM_HOLDERS_MAX */
	struct hmap file_index, holder_index;
	uint64_t n_skipped; /* holders and files beyond the bounds */
};

#define SHM_FILES_MAX 16384
#define SHM_HOLDERS_MAX 65536

/* Those of `files` that are memory: memfd, below /dev/shm, and files without a name on one of
 * `tmpfs`. 0 or -ENOMEM. Pure. */
int shm_files__add_open(struct shm_files *s, const struct proc_sample *p,
			const struct open_files *files, const struct tmpfs_list *tmpfs);
/* A mapping of the process, when it is of that sort. 0 or -ENOMEM. Pure. */
int shm_files__add_mapping(struct shm_files *s, const struct proc_sample *p,
			   const struct mapping_line *m);
/* Names in dev/shm below root_fd, held by anybody or not. 0, -ENOENT, -errno. */
int shm_files__add_dir(struct shm_files *s, int root_fd);
void shm_files__free(struct shm_files *s);
