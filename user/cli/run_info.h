/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/options.h"
#include "model/tick.h"

/* What the run is and where: from options, uname and /proc below root_fd. */
void run_info__fill(struct run_info *info, const struct options *o, int root_fd);
