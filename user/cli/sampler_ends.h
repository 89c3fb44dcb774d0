/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "collect/pages.h"

/*
 * The rows of processes that ended get what the exit event saw. A zombie has
 * ended too, but is in every list until it is waited for: its end is told at
 * the last tick, or when it leaves the list. 0 or -ENOMEM.
 */
int sampler_complete_ends(const struct owner_list *owners, bool last, struct tick *t);
