/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed memory: zram devices (sysfs) and zswap (debugfs, module parameters). */
#pragma once

#include "base/parse.h"
#include "model/system.h"

/* Text of zramN/mm_stat (4.2 on: 7 columns, 8 since 4.18, 9 since 5.12; further ones are left to
 * the future): fills what it tells, index and disk_size are left alone. 0 or -EBADMSG. Pure. */
int zram_mm_stat_parse(struct cursor text, struct zram_device *ret);
/* Devices that are set up, by number; 0 or -errno (-ENOENT: no zram on this machine). */
int zram_read(int root_fd, struct system_sample *s);

/*
 * "enabled" (0 or 1) and, where debugfs is mounted and readable, every counter
 * zswap keeps there, as it is named there. 0 or -errno (-ENOENT: built without).
 */
int zswap_read(int root_fd, struct counters *c);
