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
	struct atomic_file *copy; /* a report in words beside it; NULL: none */
	FILE *copy_out;
	bool foreign_dir;	/* something of ours is in a directory another user owns */
	char session_path[640]; /* "": none */
};

/* Opens -o, and the FILE of --analyze, at once: a report that cannot be written should not cost a
 * run. 0, or -errno after one line. */
int output__open(struct output *o, const struct options *options);
/* The report in words goes to this file as well, whatever --format is. 0 or -errno. */
int output__copy_to(struct output *o, const char *path);
/* Writes and commits; 0 or -errno after one line. */
int output__write(struct output *o, const struct report *r);
void output__close(struct output *o); /* aborts what was not written */

#define OUTPUT_DIR_SIZE 512

/* Where a run writes the files that it keeps. */
struct output_place {
	int dirfd; /* -1 when err */
	int err;   /* why it cannot be had, -errno */
	char dir[OUTPUT_DIR_SIZE];
	char session[96]; /* name of the session file */
};

/* The default place for NAME: /var/log/NAME, not as root ~/.local/state/NAME. Touches nothing. 0 or
 * -ENOENT. */
int output_default_dir(const char *name, char dst[static OUTPUT_DIR_SIZE]);
/* Opens --log-dir, or the default place: /var/log/NAME, not as root ~/.local/state/NAME. */
void output__place(struct output *o, const char *name, struct output_place *ret);
void output_place__close(struct output_place *p);

/* Creates the session file there. NULL in *ret with 0 when none is wanted or none can be had, which
 * is one warning: a run goes on without. `limits` then says so. */
int output__session(struct output *o, const struct output_place *place, const struct run_info *info,
		    struct limits *limits, struct session **ret);
