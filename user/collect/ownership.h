/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who first touched each anonymous page a process has now: its pagemap against
 * the owner table. Needs the right to see page frame numbers (CAP_SYS_ADMIN)
 * when it is opened, not when it is read.
 */
#pragma once

#include "base/parse.h"
#include "collect/pages.h"

struct ownership;

/* The process as it is now: its next exec makes this empty. 0, -ESRCH (another
 * process has the pid), -EPERM, -errno. `pages` and root_fd must outlive it. */
int ownership__open(struct pages *pages, int root_fd, struct proc_id id, struct ownership **ret);

/* 0, -ENODATA (it has ended, or has become another program), -EFBIG (more
 * address space than is looked through), -errno. */
int ownership__read(struct ownership *o, struct ownership_sample *ret);
void ownership__close(struct ownership *o); /* NULL allowed */

/* Next mapping of /proc/PID/maps' text: start and end address. 0 or -ENODATA;
 * lines that are no mapping are skipped. Pure. */
int maps_next(struct cursor *text, uint64_t *ret_start, uint64_t *ret_end);
