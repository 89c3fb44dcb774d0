/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far apart samples must be so that unwinding them stays within its share
 * of a CPU. Time is saved up for bursts, at most BUDGET_BURST_NS of it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct unwind_budget {
	uint64_t interval; /* in force */
	uint64_t asked;	   /* never narrower than this */
	uint32_t permille; /* of one CPU */
	uint64_t last_ns, last_cpu_ns, changed_ns;
	double credit_ns;
	uint64_t n_widened;
};

/* So long a time's share can be saved up. */
#define BUDGET_BURST_NS 5e9

void unwind_budget__init(struct unwind_budget *b, uint64_t interval, uint32_t permille,
			 uint64_t now_ns);
/* cpu_ns: running total that was spent. True: the interval changed. */
bool unwind_budget__spent(struct unwind_budget *b, uint64_t now_ns, uint64_t cpu_ns);
