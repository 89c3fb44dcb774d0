/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/history.h"
#include "model/report.h"

/* Adds the notes that open a report to r, which has everything else already.
 * Pure. 0 or -ENOMEM. */
int report_head__add(const struct history *h, struct report *r);
