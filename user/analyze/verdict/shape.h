/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "analyze/verdict/verdict.h"

#define LEAK_PROBABILITY 0.77 /* at the prior of the context */
#define SUSPECT_PROBABILITY 0.35

/* Growth large and fast enough to be called anything but stable. */
bool passes_gates(const struct evidence *ev, const struct window *w, double min_rate_kb_h);

enum verdict_shape name_shape(const struct evidence *ev);

/* What it is when it is no leak. */
enum verdict_kind name_kind(const struct evidence *ev, double probability);
