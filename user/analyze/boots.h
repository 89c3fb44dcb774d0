/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boots compared. Pure. */
#pragma once

#include "model/boot_growth.h"

/* before[]: earlier boots, newest first. Names in ret are theirs and now's: both must outlive it.
 * 0 or -ENOMEM. */
int boots__compare(const struct boot_run *now, const struct boot_run *const *before, size_t n,
		   struct boot_comparison *ret);
void boot_comparison__free(struct boot_comparison *c);

/* Which earlier sessions are to be removed: sizes newest first, the first being the run's own.
 * Returns how many of them (from the start) stay: at most `keep` and at most max_bytes in all, but
 * always the first. 0 for keep or max_bytes: no such bound. */
size_t boots__retain(const uint64_t *bytes, size_t n, size_t keep, uint64_t max_bytes);
