/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the JSON report, in files by what they are about. */
#pragma once

#include "model/report.h"
#include "sink/json_write.h"

/* ledger[], ledger_total, hidden_owners[], unclassified[] */
void json_ledger(struct json_writer *w, const struct report *r);
