/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/monitor_logs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Monitors that start in the same second each take another one. */
#define STAMPS_MAX 60

static void log_name_of(char dst[static LOG_NAME_SIZE], const char *stamp, const char *name)
{
	snprintf(dst, LOG_NAME_SIZE, "memory_monitor_%s_%s.log", stamp, name);
}

static int create_all(struct monitor_logs *l, int dirfd)
{
	char name[LOG_NAME_SIZE];
	int err = 0, i;

	for (i = 0; !err && i < LOG_SINKS; i++) {
		log_name_of(name, l->stamp, log_sinks[i]->name);
		err = log_file__create(&l->file[i], dirfd, name, LOG_MAX_BYTES);
	}
	if (!err)
		return 0;
	/* The last one is not ours. */
	while (--i > 0) {
		log_file__close(&l->file[i - 1]);
		unlinkat(dirfd, l->file[i - 1].name, 0);
	}
	return err;
}

int monitor_logs__create(struct monitor_logs *l, int dirfd, const struct run_info *info)
{
	time_t now = time(NULL);
	int err = -EEXIST;

	for (int i = 0; i < LOG_SINKS; i++)
		l->file[i].fd = -1;
	for (int i = 0; err == -EEXIST && i < STAMPS_MAX; i++, now++) {
		struct tm tm;

		localtime_r(&now, &tm);
		strftime(l->stamp, sizeof(l->stamp), "%Y%m%d_%H%M%S", &tm);
		err = create_all(l, dirfd);
	}
	for (int i = 0; !err && i < LOG_SINKS; i++) {
		struct strbuf head = {};

		log_sinks[i]->head(&head, info);
		err = head.failed ? -ENOMEM : 0;
		log_file__set_head(&l->file[i], &head);
	}
	return err;
}

void monitor_logs__add(struct monitor_logs *l, const struct moment *m)
{
	for (int i = 0; i < LOG_SINKS; i++) {
		l->block.len = 0;
		l->block.failed = false;
		log_sinks[i]->moment(&l->block, m);
		if (l->block.failed)
			l->n_no_memory++;
		else if (l->block.len)
			log_file__append(&l->file[i], l->block.s, l->block.len);
	}
}

void monitor_logs__end(struct monitor_logs *l, const char *text, size_t len)
{
	for (int i = 0; i < LOG_SINKS; i++)
		if (log_sinks[i] == &summary_log)
			log_file__append(&l->file[i], text, len);
}

void monitor_logs__reopen(struct monitor_logs *l)
{
	for (int i = 0; i < LOG_SINKS; i++)
		log_file__reopen(&l->file[i]);
}

int monitor_logs__limits(const struct monitor_logs *l, struct limits *limits)
{
	uint64_t lost = l->n_no_memory, bytes = 0, rotated = 0;
	int err = 0;

	for (int i = 0; i < LOG_SINKS; i++) {
		lost += l->file[i].n_lost;
		bytes += l->file[i].lost_bytes;
		rotated += l->file[i].n_rotated;
	}
	if (lost)
		err = limits__set(limits, "log_samples_lost", lost,
				  "samples that one of the logs could not take (%llu bytes)",
				  (unsigned long long)bytes);
	if (rotated)
		err = limits__set(limits, "logs_rotated", rotated,
				  "times a log reached %llu MiB and was begun anew: only the one "
				  "before is kept, as NAME.1",
				  LOG_MAX_BYTES >> 20)
			      ?: err;
	return err;
}

void monitor_logs__close(struct monitor_logs *l)
{
	for (int i = 0; i < LOG_SINKS; i++)
		log_file__close(&l->file[i]);
	strbuf_free(&l->block);
}
