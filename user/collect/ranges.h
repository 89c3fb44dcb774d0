/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which ranges of an address space are mapped, and what is known of each: a
 * range map that is changed all the time. Every change takes the time of the
 * logarithm of their number and of what it touches. All zero is empty. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

enum range_origin {
	RANGE_BEFORE, /* mapped before anybody looked */
	RANGE_UNSEEN, /* mapped since, by nothing that was seen */
	RANGE_MMAP,
	RANGE_BRK,
	_RANGE_ORIGIN_MAX,
};

struct range_tag {
	uint64_t since_ns;
	enum range_origin origin;
	uint32_t path; /* 0: none */
	double p;      /* probability with which it is in the sample; 1: exact, 0: it is not */
};

struct range_node;

struct ranges {
	VEC(struct range_node) nodes; /* a treap; its links are indices + 1, 0: none */
	uint32_t root, spare;
	uint32_t n;    /* ranges */
	uint64_t seed; /* of its priorities */
};

/* Maps [start, end), whatever was there. 0 or -ENOMEM (unchanged). An empty range changes
 * nothing, here and below. */
int ranges__set(struct ranges *r, uint64_t start, uint64_t end, const struct range_tag *tag);
/* Maps what of [start, end) is not mapped. 0 or -ENOMEM. */
int ranges__fill(struct ranges *r, uint64_t start, uint64_t end, const struct range_tag *tag);
/* Unmaps what of [start, end) is there since before `before_ns`. 0 or -ENOMEM (unchanged). */
int ranges__clear(struct ranges *r, uint64_t start, uint64_t end, uint64_t before_ns);
/* What of [from, from + len) is there since before `before_ns` goes to `to`, over what was there.
 * 0 or -ENOMEM. */
int ranges__move(struct ranges *r, uint64_t from, uint64_t to, uint64_t len, uint64_t before_ns);
/* ret: empty. 0 or -ENOMEM. */
int ranges__copy(const struct ranges *r, struct ranges *ret);
void ranges__free(struct ranges *r);

/* Each, by address; stops at the first that fn does not return 0 for, and returns that. fn may
 * change the tag, and nothing else. */
typedef int range_fn(void *arg, uint64_t start, uint64_t end, struct range_tag *tag);
int ranges__each(struct ranges *r, range_fn *fn, void *arg);
