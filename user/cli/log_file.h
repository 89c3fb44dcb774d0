/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A log that is appended in whole blocks: a block that does not fit (full
 * disk) is taken back, counted and left out, and what comes later is written
 * again. Bounded: at its size limit the file becomes NAME.1 and a new one
 * begins, so that at most twice the limit is kept.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "model/limit.h"

#define LOG_NAME_SIZE 96

/* Fields are private. */
struct log_file {
	int dirfd, fd; /* dirfd is not owned; fd -1: not open now */
	char name[LOG_NAME_SIZE];
	struct strbuf head; /* first lines of each file; owned */
	uint64_t max_bytes;
	uint64_t n_lost, lost_bytes, n_rotated; /* running totals */
	bool failing;
};

/* Creates dirfd/name, which must not exist. 0 or -errno. */
int log_file__create(struct log_file *f, int dirfd, const char *name, uint64_t max_bytes);
/* To be given before the first block. Taken over. */
void log_file__set_head(struct log_file *f, struct strbuf *head);
/* Says on standard error when it begins and ends to fail; never an error of the run. */
void log_file__append(struct log_file *f, const char *block, size_t len);
/* After the file was renamed by others (SIGHUP): the name is opened again, or created. */
void log_file__reopen(struct log_file *f);
void log_file__close(struct log_file *f);
