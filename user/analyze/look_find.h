/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between look_first.c (ranking) and look_find.c (what there is to be ranked). */
#pragma once

#include "analyze/look_first.h"

struct looker {
	const struct history *h;
	struct report *r;
	uint32_t self; /* pid of memtrace; 0: not known */
	int err;
};

/* Takes it, unless its urgency is 0. */
void look_add(struct looker *x, const struct report_look *look);
void look_find_all(struct looker *x);

/* --- shared by the finders --- */

uint64_t look_available(const struct looker *x); /* bytes at the end; 0: not known */

/* Anonymous memory, swap and shared memory; 0, or -ENOENT: it does not grow. */
int look_growth_of(const struct looker *x, const struct proc_history *p, uint64_t *ret,
		   uint64_t *ret_seen_ns);

#define LOOK_NAME_SIZE 48

/* "comm (pid 12)"; bytes of comm as they are, the sinks make them safe. */
const char *look_name(char dst[static LOOK_NAME_SIZE], const char comm[static COMM_SIZE],
		      uint32_t pid);

/* look_machine.c */
void look_find_hidden(struct looker *x);
void look_find_unnamed(struct looker *x);
