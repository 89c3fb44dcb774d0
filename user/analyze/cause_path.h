/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asked for most of a ledger line's kernel pages; known where they were sampled. Pure. */
#pragma once

#include "base/str.h"
#include "model/report.h"

struct cause_path {
	const struct report_path *path; /* the largest of who asked for most; NULL: nobody did */
	uint64_t bytes, error;		/* of all of theirs */
	bool ended;			/* their process has */
	uint32_t own_pid;		/* it may be this tool itself */
};

/* Paths of one function, module, process and cgroup are one. NULL where none took a share of
 * `grown`, or sampling cannot tell it from nothing. */
void cause_path__find(const struct report *r, const struct owner_sample *owners, size_t n_owners,
		      enum ledger_line line, uint64_t grown, struct cause_path *ret);

/* "; 250 MiB +- 12 MiB asked for by leak_pages [leaker], insmod (pid 812)"; without its process
 * where that is the one of told_pid. */
void cause_path__say(const struct cause_path *c, uint32_t told_pid, struct strbuf *b);
