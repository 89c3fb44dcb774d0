/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which path, and whose, took most of a slab cache; known where slab objects were traced. Pure. */
#pragma once

#include "base/str.h"
#include "model/report.h"

/* Strings and comm are the report's. */
struct cause_slab {
	const char *function; /* that asked the allocator; NULL: nothing is known */
	const char *syscall;  /* "newfstatat": what it was done for; NULL: none */
	struct proc_id id;    /* zero: an interrupt's */
	const char *comm;
	uint64_t bytes;	  /* by this function, for this process */
	uint64_t traced;  /* by all paths to this cache */
	uint32_t own_pid; /* it may be this tool itself */
};

/* The most of the paths to the cache of that name, those of one function and process together.
 * Function stays NULL where no path to it is named, or none has a quarter of it. */
void cause_slab__find(const struct report *r, const char *cache, struct cause_slab *ret);

/* "; 96 % of 45.0 MiB traced is of __d_alloc for newfstatat, by updatedb (pid 77)" */
void cause_slab__say(const struct cause_slab *c, struct strbuf *b);
