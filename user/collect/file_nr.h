/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open files against their limits: of the system, of a process. */
#pragma once

#include "base/parse.h"
#include "model/system.h"

/* Text of /proc/sys/fs/file-nr; 0 or -EBADMSG. Pure. */
int file_nr_parse(struct cursor text, struct file_table *ret);
int file_nr_read(int root_fd, struct file_table *ret); /* 0 or -errno */

/* The soft limit of open files in the text of /proc/PID/limits; UINT64_MAX: unlimited.
 * 0 or -EBADMSG. Pure. */
int pid_fd_limit_parse(struct cursor text, uint64_t *ret);
/* 0 or -errno (-ESRCH: no such process). Who may read it: the same user, or root. */
int pid_fd_limit_read(int root_fd, uint32_t pid, uint64_t *ret);
