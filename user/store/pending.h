/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/tick.h"

/* At most so many processes, owners and events wait for a disk with room: some
 * 10 MiB, out of reach in any but a fork storm that outlasts a full disk. */
#define PENDING_ROWS_MAX 16384

/*
 * Merges a tick that could not be written into those before it: the newest
 * row of each process and owner, all events, everything else as the newest
 * tick has it. Rows that did not fit or found no memory are counted into
 * *n_lost. Returns 0, or -ENOMEM when something was left out for lack of
 * memory (the rest is merged all the same).
 */
int pending__merge(struct tick *pending, const struct tick *t, uint64_t *n_lost);
