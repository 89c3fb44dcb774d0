/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/log_set.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Monitors that start in the same second each take another one. */
#define STAMPS_MAX 60

static int create_all(struct log_set *l, int dirfd)
{
	char name[LOG_NAME_SIZE];
	int err = 0;
	size_t i;

	for (i = 0; !err && i < l->family->n; i++) {
		snprintf(name, sizeof(name), "%s%s_%s.log", l->family->prefix, l->stamp,
			 l->family->sinks[i]->name);
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

int log_set__create(struct log_set *l, const struct log_family *family, int dirfd,
		    const struct run_info *info)
{
	time_t now = time(NULL);
	int err = -EEXIST;

	l->family = family;
	for (size_t i = 0; i < family->n; i++)
		l->file[i].fd = -1;
	for (int i = 0; err == -EEXIST && i < STAMPS_MAX; i++, now++) {
		struct tm tm;

		localtime_r(&now, &tm);
		strftime(l->stamp, sizeof(l->stamp), "%Y%m%d_%H%M%S", &tm);
		err = create_all(l, dirfd);
	}
	for (size_t i = 0; !err && i < family->n; i++) {
		struct strbuf head = {};

		family->sinks[i]->head(&head, info);
		err = head.failed ? -ENOMEM : 0;
		log_file__set_head(&l->file[i], &head);
	}
	return err;
}

void log_set__add(struct log_set *l, const struct moment *m)
{
	for (size_t i = 0; i < l->family->n; i++) {
		l->block.len = 0;
		l->block.failed = false;
		l->family->sinks[i]->moment(&l->block, m);
		if (l->block.failed)
			l->n_no_memory++;
		else if (l->block.len)
			log_file__append(&l->file[i], l->block.s, l->block.len);
	}
}

void log_set__end(struct log_set *l, const char *text, size_t len)
{
	for (size_t i = 0; i < l->family->n; i++)
		if (l->family->sinks[i] == l->family->summary)
			log_file__append(&l->file[i], text, len);
}

void log_set__reopen(struct log_set *l)
{
	for (size_t i = 0; l->family && i < l->family->n; i++)
		log_file__reopen(&l->file[i]);
}

int log_set__limits(const struct log_set *l, struct limits *limits)
{
	uint64_t lost = l->n_no_memory, bytes = 0, rotated = 0;
	int err = 0;

	for (size_t i = 0; i < l->family->n; i++) {
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

void log_set__close(struct log_set *l)
{
	for (size_t i = 0; l->family && i < l->family->n; i++)
		log_file__close(&l->file[i]);
	strbuf_free(&l->block);
}
