/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/parse.h"
#include "model/system.h"

/*
 * Text of /proc/swaps: appends to s->swaps; lines of another form and one that
 * is cut are skipped. Names come with the kernel's octal escapes undone; one
 * that is too long is cut. 0 or -ENOMEM, or -EBADMSG without the heading. Pure.
 */
int swaps_parse(struct cursor text, struct system_sample *s);
int swaps_read(int root_fd, struct system_sample *s); /* 0 or -errno; -ENOENT: built without swap */
