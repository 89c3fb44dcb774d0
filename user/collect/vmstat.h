/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/vmstat, and other files of "name number" lines. */
#pragma once

#include "base/parse.h"
#include "model/system.h"

/*
 * Appends every line of a name and a number, unknown names kept; others, and a
 * last line without its newline, are skipped. 0 or -ENOMEM. Pure.
 */
int counters_parse(struct cursor text, struct counters *c);
/* 0 or -errno (-EBADMSG: not one such line). Appends. */
int vmstat_read(int root_fd, struct counters *c);
