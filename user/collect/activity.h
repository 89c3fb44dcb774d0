/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether anything is done on the machine: its counters, below root_fd. */
#pragma once

#include "base/parse.h"
#include "model/boot.h"
#include "model/system.h"

/* What cannot be read is not known. I/O is taken from `vmstat` (pgpgin, pgpgout). */
void activity_read(int root_fd, const struct counters *vmstat, struct activity *ret);

/* The CPU line, CPUs and "processes" of /proc/stat; user_hz ticks a second. Pure. */
void proc_stat_parse(struct cursor text, uint64_t user_hz, struct activity *a);
/* Bytes of all interfaces but lo of /proc/net/dev. 0 or -EBADMSG. Pure. */
int net_dev_parse(struct cursor text, uint64_t *ret_bytes);
