/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logs: text that is appended moment by moment. To add one: a file
 * sink/log_NAME.c that defines a const struct log_sink, its declaration and a
 * line in the table of its family in sink/log.c.
 *
 * But for the memory log, which is CSV, a line is: time, a word that says what
 * the line is about, then the columns that the head names for that word,
 * separated by blanks. What may hold blanks itself (names) comes last. "?" is
 * what nobody could read. Lines that start with # are for people.
 */
#pragma once

#include "base/str.h"
#include "model/moment.h"

struct log_sink {
	const char *name; /* PREFIX TIMESTAMP_NAME.log */
	/* The first lines of each file, also of one that goes on after rotation. */
	void (*head)(struct strbuf *b, const struct run_info *info);
	void (*moment)(struct strbuf *b, const struct moment *m);
};

extern const struct log_sink memory_log, processes_log, docker_log, fragmentation_log, swap_log,
	summary_log;
/* Of boot diagnostics: their moments have m->boot. */
extern const struct log_sink boot_log, boot_memory_log, boot_kernel_log, boot_system_log,
	boot_alerts_log;

#define LOG_SINKS_MAX 8

/* The logs of one mode. */
struct log_family {
	const char *prefix; /* of their names: "memory_monitor_" */
	const struct log_sink *const *sinks;
	size_t n;
	const struct log_sink *summary; /* one of them: the report ends it */
};

extern const struct log_family monitor_log_family, boot_log_family;
