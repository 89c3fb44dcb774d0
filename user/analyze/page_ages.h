/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the sampled pages of a process say about it, beside its series. Pure. */
#pragma once

#include "analyze/verdict/witness.h"
#include "model/code_history.h"

struct page_ages {
	enum witness_finding finding;
	uint64_t rest_ns; /* since a sampled page was last taken, of the time sampled; 0: not known
			   */
	uint64_t sampled_ns;
};

/*
 * Of all call paths of the process. Steady survivors whose rate is less than 30 % of the growth of
 * the series (KiB an hour) leave it unexplained and say nothing.
 */
void page_ages__of(const struct code_history *c, struct proc_id id, double growth_kb_h,
		   struct page_ages *ret);
