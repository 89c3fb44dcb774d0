/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/run_range.h"
#include "sink/log.h"

/* What the summary log says of the whole run before the report: enough for who has this log alone.
 * m is the last moment. */
void log_summary_end(struct strbuf *b, const struct moment *m, const struct run_ranges *ranges);
