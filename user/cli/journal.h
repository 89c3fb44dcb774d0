/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Warnings and errors of the journal since boot, through journalctl: a query
 * after each moment, read while waiting for the next one, so that a journal
 * that hangs holds up nobody. After several that hung it is left alone.
 */
#pragma once

#include "cli/helper.h"
#include "model/boot.h"
#include "model/limit.h"

#define JOURNAL_ARG_SIZE 288

struct journal {
	bool wanted;
	bool with_kernel; /* its messages as well: the kernel's log itself cannot be read */
	struct helper helper;
	char after[JOURNAL_ARG_SIZE]; /* --after-cursor=… */
	struct log_events found;      /* since they were taken last */
	unsigned int n_hung, n_failed;
	uint64_t n_queries, n_cut, n_bad;
	int start_err;
};

/* Starts a query unless one runs or it is given up. */
void journal__ask(struct journal *j, uint64_t now_ns);
/* Takes what has come. True: no query runs. */
bool journal__turn(struct journal *j, uint64_t now_ns);
/* "no_journal", "journal_hung" …. 0 or -ENOMEM. */
int journal__limits(const struct journal *j, struct limits *l);
void journal__close(struct journal *j);
