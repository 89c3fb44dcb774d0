/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The logs of a run as files that share a prefix and a time stamp. */
#pragma once

#include "cli/log_file.h"
#include "sink/log.h"

struct log_set {
	const struct log_family *family;
	struct log_file file[LOG_SINKS_MAX]; /* in the order of the family's sinks */
	struct strbuf block;
	char stamp[32]; /* TIMESTAMP of their names */
	uint64_t n_no_memory;
};

#define LOG_MAX_BYTES (64ull << 20)

/* Creates PREFIX TIMESTAMP_NAME.log for each sink in dirfd (kept by the caller); a TIMESTAMP that
 * is taken already is that of the next second. Local time, as file names go. 0 or -errno. */
int log_set__create(struct log_set *l, const struct log_family *family, int dirfd,
		    const struct run_info *info);
/* One block to each. */
void log_set__add(struct log_set *l, const struct moment *m);
/* Text at the end of the summary log. */
void log_set__end(struct log_set *l, const char *text, size_t len);
void log_set__reopen(struct log_set *l);
/* What was lost and what was rotated. 0 or -ENOMEM. */
int log_set__limits(const struct log_set *l, struct limits *limits);
void log_set__close(struct log_set *l);
