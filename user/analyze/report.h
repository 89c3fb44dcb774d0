/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/history.h"
#include "model/report.h"

struct follow;

struct report_options {
	uint32_t top;		 /* processes that are not targets: at most so many; 0: all */
	uint32_t top_paths;	 /* call paths for people: at most so many; 0: all */
	uint64_t path_min_bytes; /* call paths that hold less are left out */
	uint64_t min_bytes;	 /* processes that are not targets and moved less are left out */
	const struct follow *follow; /* of the same ticks; NULL: nothing is judged */
};

/* Pure function of the history and what follows its series. Returns 0 or -ENOMEM; *ret is the
 * caller's (report__free). */
int report__build(const struct history *h, const struct report_options *o, struct report **ret);
