/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/system.h"

/*
 * Reads every part below root_fd (cleared first); what could not be read has
 * its reason in err[] and is not in the sample. 0 or -ENOMEM.
 */
int system_read(int root_fd, struct system_sample *ret);
