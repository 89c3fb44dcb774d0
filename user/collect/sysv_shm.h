/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/parse.h"
#include "model/shared.h"

/* Text of /proc/sysvipc/shm: appends a segment a line; other lines and a cut one are skipped.
 * 0, -ENOMEM, or -EBADMSG without the heading. Pure. */
int sysv_shm_parse(struct cursor text, struct sysv_list *l);
/* Of our IPC namespace. Appends; 0 or -errno (-ENOENT: built without). */
int sysv_shm_read(int root_fd, struct sysv_list *l);
