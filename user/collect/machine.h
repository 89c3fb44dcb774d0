/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/tick.h"

/* What /proc/meminfo lacks and costs little: appends to t->machine what this machine has (names of
 * model/machine.h). 0 or -ENOMEM. */
int machine_read(int root_fd, uint64_t page_size, struct tick *t);
