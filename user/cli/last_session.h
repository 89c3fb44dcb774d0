/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions that were written earlier: where they lie, and what they hold. */
#pragma once

#include "analyze/follow.h"
#include "cli/options.h"
#include "model/history.h"

#define SESSION_DIR_SIZE 1024

/* --log-dir, or the default place of NAME below --sysroot. Touches nothing. */
void session_dir(const struct options *o, const char *name, char dst[static SESSION_DIR_SIZE]);

/* The newest *.db in --log-dir, or in all the default places, by when it was written. 0, or
 * -ENOENT. */
int session_newest(const struct options *o, char ret_path[static SESSION_DIR_SIZE]);

struct session_content {
	const struct options *options;
	struct history *history;
	struct follow *follow; /* what verdicts are made of */
};

/* All of it; of a damaged one what can be read, which its limits then say. 0 or -errno. */
int session_read(const struct options *o, const char *path, struct session_content *ret);
void session_content__free(struct session_content *c);
