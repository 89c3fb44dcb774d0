/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/history.h"
#include "model/report.h"

/* The report's ledger, its total, hidden owners, available, and the limits of these, which must
 * be merged before. 0 or -ENOMEM. */
int report_ledger__add(const struct history *h, struct report *r);
