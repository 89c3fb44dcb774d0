/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a row is followed. Pure; 0, or -ENOENT: not told. */
#pragma once

#include "analyze/follow.h"
#include "model/ledger.h"

int follow_process_value(const struct proc_sample *p, enum follow_series series, uint64_t *ret);

/* Charged, less the page cache of files: the kernel gives that back at the limit. */
int follow_cgroup_value(const struct cgroup_row *c, uint64_t *ret);
/* What is left below the cgroup's own limit. */
int follow_cgroup_room(const struct cgroup_row *c, uint64_t *ret);

/* Lines whose growth means memory somebody holds: not those that are free, and only what is told at
 * every tick. */
bool follow_ledger_line(const struct ledger *ledger, enum ledger_line line);
