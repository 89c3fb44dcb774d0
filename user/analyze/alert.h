/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Alerts: which of the machine's numbers are beyond their thresholds, told
 * once, again when they got worse by a step, and once more when it is over.
 * A function of the thresholds and the moments it was given, nothing else.
 */
#pragma once

#include <stdbool.h>

#include "model/alert.h"
#include "model/moment.h"

struct alert_found;
struct alert_finder;

struct alert_def {
	enum alert_unit unit;
	uint64_t threshold;    /* default: told above it */
	uint64_t slack;	       /* it is over at this much below the threshold */
	uint64_t step;	       /* told again when it rose by so much since it was told … */
	uint64_t step_percent; /* … and by this share of what was told */
	bool event;	       /* happens at a moment: never in force, never over */
	const char *help;      /* what is compared, for --help and the manual */
	/* Hands every candidate to alert_candidate(). False: cannot be told at this moment. */
	bool (*look)(struct alert_finder *f, const struct moment *m);
};

extern const struct alert_def alert_defs[_ALERT_KIND_MAX];

/* The kind of this name; 0 or -ENOENT. */
int alert_kind_find(const char *name, enum alert_kind *ret);

/* Told at once and remembered at most so many; more are counted in the limits. */
#define ALERTS_MAX 256

struct alerts;

/* thresholds[kind] in the kind's unit. 0 or -ENOMEM. */
int alerts__new(const uint64_t thresholds[_ALERT_KIND_MAX], struct alerts **ret);
void alerts__free(struct alerts *a); /* NULL allowed */

/* Looks at the next moment; ret is cleared first and gets what is to be told. 0 or -ENOMEM. */
int alerts__judge(struct alerts *a, const struct moment *m, struct alert_list *ret);
/* "alerts_suppressed". 0 or -ENOMEM. */
int alerts__limits(const struct alerts *a, struct limits *l);
/* How many are in force now, by kind. */
void alerts__in_force(const struct alerts *a, uint32_t ret[_ALERT_KIND_MAX]);
