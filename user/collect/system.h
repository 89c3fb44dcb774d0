/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/limit.h"
#include "model/system.h"

/* Bits (1 << enum system_part). */
#define SYSTEM_ALL ((1u << _SYSTEM_PART_MAX) - 1)

/*
 * Reads the parts asked for below root_fd, in place of what ret held (only the
 * names of containers are taken from there). What could not be read has its
 * reason in err[], what was not asked for -ENODATA. 0 or -ENOMEM.
 */
int system_read(int root_fd, uint32_t parts, struct system_sample *ret);

/* What of it is missing: parts that could not be read and why, cgroups left out. 0 or -ENOMEM. */
int system_limits(const struct system_sample *s, struct limits *l);
