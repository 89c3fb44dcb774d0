/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "base/parse.h"
#include "model/tick.h"

/* Every line of the text, in order, unknown names kept; lines that are no
 * "Name: number [kB]" are skipped, and so is a last one without its newline
 * (cut). Appends to t->meminfo. Pure. 0 or -ENOMEM. */
int meminfo_parse(struct cursor text, struct tick *t);
/* Reads proc/meminfo below root_fd; 0 or -errno (-EBADMSG: not one such line). */
int meminfo_read(int root_fd, struct tick *t);
