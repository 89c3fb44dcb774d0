/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/limit.h"

/* How the writing of a session went: kept in the file, told as limits. */
struct session_state {
	bool complete;
	uint64_t ticks_lost, ticks_over_bound, rows_lost;
};

/* Sets the limits that apply; 0 or -ENOMEM. */
int state__limits(const struct session_state *s, struct limits *l);
