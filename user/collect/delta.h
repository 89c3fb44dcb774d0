/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From full readings to ticks: remembers what the last tick said of each
 * process and owner, and passes on what changed, appeared or ended.
 */
#pragma once

#include "collect/tasks.h"
#include "model/tick.h"

struct delta;

int delta__new(struct delta **ret);
void delta__free(struct delta *d);

/*
 * Appends to t->procs what is new or changed in `now` (compared by known,
 * approx, values, comm, flags, uid, ppid, cgroup; not by state) and an `end`
 * row for each that is gone, with t->time_ns as its time. A cgroup that is NULL
 * in `now` was not read: the known one stays. Sets t->n_procs. Ordered by pid.
 * 0 or -ENOMEM: then the tick is incomplete, and the next call tells all again.
 */
int delta__procs(struct delta *d, const struct task_list *now, struct tick *t);

/* Bytes that were taken by class as far as delta__owners() was told, those of owners that are gone
 * included. Never goes back. */
void delta__taken(const struct delta *d, uint64_t ret[_PAGE_CLASS_MAX]);

/* Appends to t->owners those of `now` (n of them) that are new or changed (of
 * exit_ns: whether it is known). One that is gone from `now` is forgotten
 * without a row. 0 or -ENOMEM. */
int delta__owners(struct delta *d, const struct owner_sample *now, size_t n, struct tick *t);
