/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output formats. To add one: a file sink/NAME.c that defines a const struct
 * sink, its declaration and a line in sink/sink.c's table. A sink makes
 * untrusted strings safe for its own medium and takes no decisions.
 */
#pragma once

#include <stdio.h>

#include "model/report.h"

struct moment;

struct sink {
	const char *name; /* the word after --format */
	const char *help; /* one line for --help */
	bool binary;	  /* not for a terminal */
	/* Returns 0 or -errno (a failed write included). */
	int (*write)(const struct report *r, FILE *out);
	/* Instead of write: a format of --monitor, made anew at each sample. 0 or -errno. */
	int (*moment)(const struct moment *m, FILE *out);
};

extern const struct sink text_sink, json_sink, openmetrics_sink;
extern const struct sink folded_sink, pprof_sink, flamegraph_sink;

const struct sink *sink_find(const char *name); /* NULL: no such format */
const struct sink *const *sink_all(void);	/* NULL-terminated */
