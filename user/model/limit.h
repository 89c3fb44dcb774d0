/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was lost, skipped, estimated or could not be seen. Limits are data:
 * every collector reports its own, they travel in the tick into the session
 * and the report, and every sink prints them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define LIMIT_KIND_SIZE 40
#define LIMIT_MEANING_SIZE 256

struct limit {
	char kind[LIMIT_KIND_SIZE]; /* stable word for machines: "pages_before_attach" */
	uint64_t count; /* how often or how much; unit told by the meaning; 0: a state, not a count
			 */
	char meaning[LIMIT_MEANING_SIZE]; /* a sentence for people: what it does to the numbers */
};

/* At most one entry a kind. All zero is empty. */
struct limits {
	struct limit *v;
	size_t n, cap;
};

/* Sets the entry of this kind (counts are running totals, not increments).
 * Returns 0 or -ENOMEM. */
int limits__set(struct limits *l, const char *kind, uint64_t count, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

struct limit_count {
	uint64_t count;
	const char *kind, *meaning;
};
/* Of these the ones that are not 0. */
int limits__set_counts(struct limits *l, const struct limit_count *v, size_t n);

/* Copies every entry of `from`, replacing those of the same kind. */
int limits__merge(struct limits *l, const struct limits *from);
const struct limit *limits__find(const struct limits *l, const char *kind);
void limits__free(struct limits *l);
