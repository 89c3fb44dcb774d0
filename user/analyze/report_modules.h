/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel memory by the module that asked for it. */
#pragma once

#include "model/report.h"

/* Adds up the paths through modules; all paths are there. 0 or -ENOMEM. */
int report_modules__add(struct report *r);
