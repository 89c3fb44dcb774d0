/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/history.h"
#include "model/report_analysis.h"

/* Adds what --analyze found to r, which has everything else already. Pure. 0 or -ENOMEM. */
int analysis__add(const struct history *h, struct report *r);
