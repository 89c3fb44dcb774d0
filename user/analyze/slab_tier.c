/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/slab_tier.h"

const char *const slab_mode_names[_SLAB_MODE_MAX] = {
	[SLAB_AUTO] = "auto",
	[SLAB_ON] = "on",
	[SLAB_OFF] = "off",
};

static uint64_t lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool above(struct slab_use use, struct slab_use from, uint64_t bytes)
{
	return use.reclaimable >= from.reclaimable + bytes ||
	       use.unreclaimable >= from.unreclaimable + bytes;
}

static void step_attached(struct slab_tier *t, struct slab_use use, uint64_t now_ns)
{
	if (above(use, t->peak, SLAB_TIER_STILL_BYTES)) {
		t->peak = use;
		t->grew_ns = now_ns;
	} else if (now_ns - t->grew_ns >= SLAB_TIER_STILL_NS) {
		t->attached = false;
		t->floor = use;
	}
}

static void step_detached(struct slab_tier *t, struct slab_use use, uint64_t now_ns)
{
	t->floor.reclaimable = lower(t->floor.reclaimable, use.reclaimable);
	t->floor.unreclaimable = lower(t->floor.unreclaimable, use.unreclaimable);
	if (!above(use, t->floor, SLAB_TIER_ATTACH_BYTES))
		return;
	t->attached = true;
	t->peak = use;
	t->grew_ns = now_ns;
}

bool slab_tier__step(struct slab_tier *t, struct slab_use use, uint64_t now_ns)
{
	if (!use.known)
		return t->attached;
	if (!t->seen)
		t->floor = use;
	t->seen = true;
	if (t->attached)
		step_attached(t, use, now_ns);
	else
		step_detached(t, use, now_ns);
	return t->attached;
}
