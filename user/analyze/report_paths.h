/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The call paths of a run, resolved and put together. */
#pragma once

#include "analyze/report.h"

/* Fills r->paths, r->path_totals and r->sampling. 0 or -ENOMEM. */
int report_paths__add(const struct history *h, const struct report_options *o, struct report *r);
