/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between look_first.c (ranking) and look_find.c (what there is to be ranked). */
#pragma once

#include "analyze/look_first.h"

struct looker {
	const struct history *h;
	struct report *r;
	int err;
};

/* Takes it, unless its urgency is 0. */
void look_add(struct looker *x, const struct report_look *look);
void look_find_all(struct looker *x);
