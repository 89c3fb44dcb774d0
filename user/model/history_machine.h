/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A part of history.c. */
#pragma once

#include "model/history.h"

void history_free_machine(struct history *h);
/* Takes meminfo, what goes with it, the hidden owners, and cgroups that are gone. 0 or -ENOMEM. */
int history_add_machine(struct history *h, const struct tick *t);
