/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/metrics_file.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/option_table.h"
#include "sink/sink.h"

int metrics_file__init(struct metrics_file *f, const struct options *o)
{
	const struct sink *sink = sink_find(o->format);
	size_t len = o->output ? strlen(o->output) : 0;
	struct atomic_file *file;
	char shown[TYPED_SIZE];
	FILE *out;
	int err;

	*f = (struct metrics_file){0};
	if (!sink || !sink->moment)
		return 0;
	err = atomic_file__open_shared(o->output, &file, &out);
	if (err)
		return log_error_errno(err, "cannot write %s", typed(shown, o->output));
	atomic_file__abort(file);
	f->path = o->output;
	f->write = sink->moment;
	if (len < 5 || strcmp(o->output + len - 5, ".prom"))
		log_warning("%s: node_exporter reads files whose names end in .prom only",
			    typed(shown, o->output));
	return 0;
}

static int replace(struct metrics_file *f, const struct moment *m)
{
	struct atomic_file *file;
	FILE *out;
	int err = atomic_file__open_shared(f->path, &file, &out);

	if (err)
		return err;
	err = f->write(m, out);
	if (!err)
		return atomic_file__commit(file);
	atomic_file__abort(file);
	return err;
}

int metrics_file__write(struct metrics_file *f, const struct moment *m)
{
	char shown[TYPED_SIZE];
	int err;

	if (!f->path)
		return 0;
	err = replace(f, m);
	if (err)
		f->n_lost++;
	if (err && !f->failing)
		log_warning_errno(err, "%s: cannot be written, going on", typed(shown, f->path));
	else if (!err && f->failing)
		log_warning("%s: written again", typed(shown, f->path));
	f->failing = err != 0;
	return err;
}

int metrics_file__limits(const struct metrics_file *f, struct limits *l)
{
	if (!f->n_lost)
		return 0;
	return limits__set(l, "metrics_lost", f->n_lost,
			   "samples that the metrics file could not take: it kept older ones");
}
