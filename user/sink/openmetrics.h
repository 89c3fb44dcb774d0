/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the metrics, in files by what they are about. */
#pragma once

#include "model/moment.h"
#include "sink/metric_write.h"

/* Lists are bounded whatever --top-processes says: each row is a series for ever. */
#define METRICS_TOP_MAX 100

static inline size_t metrics_top(const struct moment *m)
{
	return m->top && m->top < METRICS_TOP_MAX ? m->top : METRICS_TOP_MAX;
}

void metrics_slab(struct metric_writer *w, const struct moment *m);
void metrics_processes(struct metric_writer *w, const struct moment *m);
void metrics_containers(struct metric_writer *w, const struct moment *m);
void metrics_owners(struct metric_writer *w, const struct moment *m);
