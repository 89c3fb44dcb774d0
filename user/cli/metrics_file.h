/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --format openmetrics -o FILE: a whole file in place of the one before, at each sample. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "cli/options.h"
#include "model/limit.h"
#include "model/moment.h"

struct metrics_file {
	const char *path; /* NULL: none is wanted */
	int (*write)(const struct moment *m, FILE *out);
	uint64_t n_lost;
	bool failing;
};

/* Tries whether it can be written, and warns of a name that node_exporter would not read. 0, or
 * -errno after one line. */
int metrics_file__init(struct metrics_file *f, const struct options *o);
/* 0 or -errno; says when it begins and ends to fail. What was there before stays then. */
int metrics_file__write(struct metrics_file *f, const struct moment *m);
/* 0 or -ENOMEM. */
int metrics_file__limits(const struct metrics_file *f, struct limits *l);
