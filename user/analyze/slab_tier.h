/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When slab objects are worth tracing: the hooks cost a socket-heavy load
 * several per cent even when they record nothing, so by default they are
 * attached while slab memory grows and detached when it has stopped. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum slab_mode {
	SLAB_AUTO, /* while slab memory grows */
	SLAB_ON,
	SLAB_OFF,
	_SLAB_MODE_MAX,
};

extern const char *const slab_mode_names[_SLAB_MODE_MAX]; /* of --slab */

/* Growth over the lowest value since the last detach that attaches. */
#define SLAB_TIER_ATTACH_BYTES (16ull << 20)
/* While attached, less than this … */
#define SLAB_TIER_STILL_BYTES (1ull << 20)
/* … in such a time means that it has stopped. */
#define SLAB_TIER_STILL_NS (300ull * 1000000000ull)

struct slab_use {
	bool known;
	uint64_t reclaimable, unreclaimable; /* bytes: SReclaimable, SUnreclaim */
};

struct slab_tier {
	bool seen, attached;
	struct slab_use floor; /* lowest since the last detach */
	struct slab_use peak;  /* while attached */
	uint64_t grew_ns;      /* when it last grew, while attached */
};

/* The next reading; whether the hooks should be attached now. An unknown one changes nothing. */
bool slab_tier__step(struct slab_tier *t, struct slab_use use, uint64_t now_ns);
