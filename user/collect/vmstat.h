/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "base/parse.h"

/* One counter of /proc/vmstat's text by name. 0, or -ENOENT, -EINVAL, -ERANGE. Pure. */
int vmstat_find(struct cursor text, const char *name, uint64_t *ret);
/* Reads proc/vmstat below root_fd for it; 0 or -errno. */
int vmstat_read(int root_fd, const char *name, uint64_t *ret);
