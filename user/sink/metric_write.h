/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics as text: families with their HELP and TYPE, a sample a line. What the
 * text format of Prometheus and OpenMetrics have in common is written; where
 * they differ (a counter's family is named with its _total, no timestamps) it
 * is the former, which is what node_exporter reads.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"
#include "base/vec.h"

struct metric {
	const char *name; /* unit last; counters end in _total */
	const char *type; /* "gauge" "counter" */
	const char *help; /* one line without quotes and backslashes */
};

struct metric_writer {
	FILE *out;
	struct strbuf labels; /* of the next sample */
	bool failed;	      /* out of memory */
};

/* To be followed by its samples, all of them: a family is written once. */
void metric_family(struct metric_writer *w, const struct metric *m);
/* A label of the next sample: made safe to print, then escaped. At most size bytes. */
void metric_label(struct metric_writer *w, const char *name, const char *value, size_t size);
void metric_word(struct metric_writer *w, const char *name, const char *value); /* our own words */
void metric_number(struct metric_writer *w, const char *name, uint64_t value);

void metric_u64(struct metric_writer *w, const struct metric *m, uint64_t value);
void metric_i64(struct metric_writer *w, const struct metric *m, int64_t value);
void metric_double(struct metric_writer *w, const struct metric *m, double value);

/* A family with one sample and no labels. */
void metric_single(struct metric_writer *w, const struct metric *m, uint64_t value);

/* Things to be ranked by one value. */
struct metric_rank {
	int64_t value;
	int64_t shown;
	const void *item;
};

struct metric_ranks {
	struct metric_rank *v;
	size_t n, cap;
	bool no_rest; /* what is shown has no sum */
	double unit;  /* of what is shown; 0: whole numbers as they are */
};

/*
 * The family with what the `top` largest (those above 0) show, and one more
 * sample, the sum of the rest, whatever its sign: together the sum of all.
 * label() labels an item, or the rest when that is NULL; an item whose labels
 * are there already belongs to the rest. Reorders l and empties it.
 */
void metric_ranked(struct metric_writer *w, const struct metric *m, struct metric_ranks *l,
		   size_t top, void (*label)(struct metric_writer *w, const void *item));
