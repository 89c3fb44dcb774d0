/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growth by phase: pure functions of the moments they were given. */
#pragma once

#include "model/boot_growth.h"
#include "model/moment.h"

/* The next moment, whose m->boot is set; the first one only tells where everybody starts.
 * 0 or -ENOMEM. */
int boot_growth__add(struct boot_growth *g, const struct moment *m);

/* Grew in this phase by something worth a line, and not in a moment or two: */
#define STEADY_MIN_BYTES (256u << 10)
#define STEADY_MIN_INTERVALS 3
bool phase_growth_is_steady(const struct phase_growth *p);

/* Those that grew in this phase, most first: processes, containers, slab caches. */
void boot_growth__rank(const struct boot_growth *g, enum boot_phase phase, struct boot_rank *ret);
/* Of those that grew while idle, who did so again and again, and kept it. Returns how many. */
size_t boot_growth__steady(const struct boot_growth *g, const struct boot_rank *idle,
			   uint32_t ret[static BOOT_RANK_MAX]);
