/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What works on this machine: probed, never guessed from a version, with the
 * reason kept. --doctor prints the list; sources that fail name theirs.
 */
#pragma once

#include "base/vec.h"

enum feature_state {
	FEATURE_WORKS,
	FEATURE_DEGRADED, /* a lower rung of its ladder is in force */
	FEATURE_MISSING,
	_FEATURE_STATE_MAX,
};

extern const char *const feature_state_names[_FEATURE_STATE_MAX]; /* "works" "degraded" "missing" */

struct feature {
	const char *name; /* short: "page attribution" */
	enum feature_state state;
	char detail[200]; /* which rung is in force, or why not: the kernel's own words where it has
			     some */
	char fix[200];	  /* the command or setting that would change it; empty: nothing would */
};

struct features {
	struct feature *v;
	size_t n, cap;
};

/* Replaces the entry of this name. 0 or -ENOMEM. Name is kept by pointer: a literal. */
int features__set(struct features *f, const char *name, enum feature_state state, const char *fix,
		  const char *fmt, ...) __attribute__((format(printf, 5, 6)));
const struct feature *features__find(const struct features *f, const char *name);
void features__free(struct features *f);
