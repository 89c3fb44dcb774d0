/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's six logs as files. */
#pragma once

#include "cli/log_file.h"
#include "sink/log.h"

struct monitor_logs {
	struct log_file file[LOG_SINKS]; /* in the order of log_sinks[] */
	struct strbuf block;
	char stamp[32]; /* TIMESTAMP of their names */
	uint64_t n_no_memory;
};

#define LOG_MAX_BYTES (64ull << 20)

/* Creates memory_monitor_TIMESTAMP_NAME.log for each in dirfd (kept by the caller); a TIMESTAMP
 * that is taken already is that of the next second. Local time, as file names go. 0 or -errno. */
int monitor_logs__create(struct monitor_logs *l, int dirfd, const struct run_info *info);
/* One block to each. */
void monitor_logs__add(struct monitor_logs *l, const struct moment *m);
/* Text at the end of the summary log. */
void monitor_logs__end(struct monitor_logs *l, const char *text, size_t len);
void monitor_logs__reopen(struct monitor_logs *l);
/* What was lost and what was rotated. 0 or -ENOMEM. */
int monitor_logs__limits(const struct monitor_logs *l, struct limits *limits);
void monitor_logs__close(struct monitor_logs *l);
