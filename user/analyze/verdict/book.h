/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Thousands of series followed at once, in bounded memory and bounded time a
 * tick: every tick adds the value that each series has, and looks at those that
 * are due, at most so many. Pure: what it holds follows from the calls alone.
 */
#pragma once

#include "analyze/verdict/many.h"

#define BOOK_NONE UINT32_MAX

enum book_flag {
	BOOK_COUNT = 1 << 0,	   /* counts times VERDICT_COUNT_KB */
	BOOK_RECLAIMABLE = 1 << 1, /* the kernel takes it back when it must: never a leak */
	BOOK_ASKED = 1 << 2,	   /* the user pointed at it: no prior of many */
	BOOK_SPARSE = 1 << 3,	   /* has samples of its own: book__tick() adds none */
};

struct book_entry {
	struct series series;
	double kb;		      /* what it has now */
	float rate_kb_h, probability; /* of the last look */
	bool rate_unknown;
	bool is_used;  /* else free */
	bool is_live;  /* grows a sample every tick */
	uint8_t flags; /* enum book_flag */
};

struct book;

struct book_stats {
	uint32_t n, n_max;     /* series held */
	uint64_t refused;      /* that did not fit */
	uint64_t ticks;	       /* so far */
	uint64_t looks;	       /* verdicts given so far */
	uint32_t looks_behind; /* due after the last tick and not looked at yet */
	size_t bytes;	       /* memory */
};

/* At most max_series; a tick gives at most `looks` verdicts on full histories, or up to twice as
 * many on half full ones, which take half the time. 0 or -ENOMEM. */
int book__new(uint32_t max_series, uint32_t looks, struct book **ret);
void book__free(struct book *b); /* NULL allowed */

/* A value that did not change for n samples, evenly from first_s to last_s. */
struct book_past {
	double first_s, last_s;
	uint64_t n;
	double kb;
};

/* A new series with this past (n 0: none). 0, -ENOSPC (counted) or -ENOMEM. */
int book__open(struct book *b, unsigned int flags, const struct book_past *past,
	       uint32_t *ret_handle);
/* Forgets it. */
void book__close(struct book *b, uint32_t handle);

/* Its value from the next tick on. */
void book__set(struct book *b, uint32_t handle, double kb);
/* A sample of its own, for BOOK_SPARSE. */
void book__add(struct book *b, uint32_t handle, double t_s, double kb);
/* No samples until the next book__set(): it has ended, or cannot be read. */
void book__pause(struct book *b, uint32_t handle);

/* A sampling moment: t_s never goes back. */
void book__tick(struct book *b, double t_s);

/* Valid until the next book__open(). */
struct book_entry *book__entry(const struct book *b, uint32_t handle);

/* The context of its flags; callers add headroom and witnesses. */
struct verdict_context book__context(const struct book_entry *e);

void book__stats(const struct book *b, struct book_stats *ret);
