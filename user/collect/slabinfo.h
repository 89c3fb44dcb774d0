/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/parse.h"
#include "model/system.h"

/* Text of /proc/slabinfo, version 2.x: appends to s->slabs; other lines and a
 * cut one are skipped. 0, -ENOMEM, or -EBADMSG for another version. Pure. */
int slabinfo_parse(struct cursor text, struct system_sample *s);
int slabinfo_read(int root_fd, struct system_sample *s); /* 0 or -errno; -EACCES: root only */
