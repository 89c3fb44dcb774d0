/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between inspector.c and inspector_shm.c. */
#pragma once

#include "cli/inspector.h"

/* Has this look used up its time? */
bool inspector__is_late(const struct inspector *x);
/* What came of a part; 0 or -ENOMEM. */
int inspector__note(struct inspector *x, enum analysis_part part, int err, uint64_t n_skipped);
/* Of the sampler's list; NULL: not there. */
const struct proc_sample *inspector__find(const struct inspector *x, struct proc_id id);
/* Its open files, if it is this process still. 0, -ESRCH, -errno. */
int inspector__files(const struct inspector *x, const struct proc_sample *p, size_t max,
		     struct open_files *ret);

int inspector__add_sysv(struct inspector *x); /* tmpfs, too */
int inspector__add_shm(struct inspector *x);
