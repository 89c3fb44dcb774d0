/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/call_tier.h"

static uint64_t longer(uint64_t rest_ns)
{
	uint64_t quiet = rest_ns * CALL_TIER_LONGER;

	if (quiet < CALL_TIER_QUIET_NS)
		return CALL_TIER_QUIET_NS;
	return quiet < CALL_TIER_QUIET_MAX_NS ? quiet : CALL_TIER_QUIET_MAX_NS;
}

bool call_tier__step(struct call_tier *t, uint64_t size, uint64_t last_ns, uint64_t now_ns)
{
	if (!t->quiet_ns) {
		t->quiet_ns = CALL_TIER_QUIET_NS;
		t->last_ns = now_ns;
	}
	if (t->resting && (size != t->size || last_ns > t->last_ns)) {
		t->quiet_ns = longer(now_ns - t->last_ns);
		t->last_ns = now_ns;
		t->resting = false;
	}
	if (t->resting)
		return false;
	if (last_ns > t->last_ns)
		t->last_ns = last_ns;
	t->resting = now_ns > t->last_ns && now_ns - t->last_ns >= t->quiet_ns;
	t->size = size;
	return !t->resting;
}
