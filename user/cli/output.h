/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where results go: the report (stdout or -o FILE) and the session file. */
#pragma once

#include "base/file.h"
#include "cli/options.h"
#include "model/report.h"
#include "store/session.h"

struct output {
	const struct options *options;
	struct atomic_file *file; /* NULL: stdout */
	FILE *out;
	bool foreign_dir;	/* something of ours is in a directory another user owns */
	char session_path[640]; /* "": none */
};

/* Opens -o at once: a report that cannot be written should not cost a run.
 * 0, or -errno after one line. */
int output__open(struct output *o, const struct options *options);
/* Writes and commits; 0 or -errno after one line. */
int output__write(struct output *o, const struct report *r);
void output__close(struct output *o); /* aborts what was not written */

/* Creates the session file in --log-dir or the default place. NULL in *ret with
 * 0 when none is wanted or none can be had, which is one warning: a run goes on
 * without. `limits` then says so. */
int output__session(struct output *o, const struct run_info *info, struct limits *limits,
		    struct session **ret);
