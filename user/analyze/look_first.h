/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to look at first: its ranking. Pure. */
#pragma once

#include "model/history.h"
#include "model/report_analysis.h"

/* Fills r->analysis->looks from all the rest of r. 0 or -ENOMEM. */
int look_first__add(const struct history *h, struct report *r);

/* How pressing, 0 … 1000. */

/* Growth that would use up what is available in so many seconds; 0: not known when. */
uint32_t growth_urgency(double exhaustion_s);
/* Memory that nobody uses any more, of all there is. */
uint32_t idle_urgency(uint64_t bytes, uint64_t total);
/* A process's open files: used of limit (0: none), and how fast they grow. */
uint32_t fds_urgency(uint64_t used, uint64_t limit, double grown_per_hour);
uint32_t zombies_urgency(uint64_t n);
