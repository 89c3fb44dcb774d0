/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unwind_budget.h"

#define NS_PER_MS 1000000ull

/* Doubling is fast, since samples keep coming; going back is slow, so that it does not swing. */
#define WIDEN_NS (50 * NS_PER_MS)
#define NARROW_NS (2000 * NS_PER_MS)

#define INTERVAL_MAX (1ull << 34)

static double full(const struct unwind_budget *b)
{
	return BUDGET_BURST_NS * b->permille / 1000;
}

void unwind_budget__init(struct unwind_budget *b, uint64_t interval, uint32_t permille,
			 uint64_t now_ns)
{
	*b = (struct unwind_budget){
		.interval = interval,
		.asked = interval,
		.permille = permille,
		.last_ns = now_ns,
		.changed_ns = now_ns,
	};
	b->credit_ns = full(b);
}

bool unwind_budget__spent(struct unwind_budget *b, uint64_t now_ns, uint64_t cpu_ns)
{
	uint64_t interval = b->interval;

	b->credit_ns += (double)(now_ns - b->last_ns) * b->permille / 1000;
	if (b->credit_ns > full(b))
		b->credit_ns = full(b);
	b->credit_ns -= (double)(cpu_ns - b->last_cpu_ns);
	b->last_ns = now_ns;
	b->last_cpu_ns = cpu_ns;
	if (b->credit_ns < 0 && now_ns - b->changed_ns >= WIDEN_NS && interval < INTERVAL_MAX) {
		b->interval *= 2;
		b->n_widened++;
	} else if (b->credit_ns > full(b) / 2 && now_ns - b->changed_ns >= NARROW_NS &&
		   interval > b->asked) {
		b->interval /= 2;
	}
	if (b->interval == interval)
		return false;
	b->changed_ns = now_ns;
	return true;
}
