/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/parse.h"
#include "model/tick.h"

/* smaps_rollup's text; 0, or -EBADMSG when Rss or Pss is not there. Pure; id is left alone. */
int smaps_rollup_parse(struct cursor text, struct smaps_sample *ret);
/* Reads proc/PID/smaps_rollup below root_fd for `id` (the start time is checked
 * before and after: a reused pid is -ESRCH). 0 or -errno (-EACCES without rights;
 * -ENOENT: this kernel has none). */
int smaps_rollup_read(int root_fd, struct proc_id id, struct smaps_sample *ret);
