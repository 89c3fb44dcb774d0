/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leaks by now, as alerts see it. */
#pragma once

#include "analyze/follow.h"
#include "model/moment.h"

struct leak_signs {
	struct leak_sign *v;
	size_t n, cap;
};

/* The series whose alarms are on, or were and are withdrawn, and that count (no parts, no lines of
 * meminfo), in place of what ret held. 0 or -ENOMEM. */
int leak_signs__read(const struct follow *f, struct leak_signs *ret);
