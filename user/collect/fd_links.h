/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process has open. */
#pragma once

#include "model/shared.h"

/* From the text of a link in /proc/PID/fd: kind and is_deleted (target loses " (deleted)").
 * Pure. */
void fd_link_parse(const char *link, struct open_file *ret);

/*
 * Every open file of a process, by number; ret is replaced. At most `max` are
 * kept, all are counted (count[] sums up to what was seen). 0; -ESRCH: gone;
 * -EACCES: not ours to see; -errno.
 */
int open_files__read(int root_fd, uint32_t pid, size_t max, struct open_files *ret);
void open_files__free(struct open_files *f);
