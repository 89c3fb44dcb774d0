/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What allocation tracing adds to the series: the ages of what is still alive.
 * A cache that is filling and a leak look the same from outside; inside, a
 * leak keeps of every time the same share, a session store forgets with age,
 * and a pool holds what the start brought.
 */
#pragma once

#include <stdint.h>

#include "analyze/verdict/num.h"

#define WITNESS_EPOCHS 16 /* equal parts of the time traced, oldest first */
#define WITNESS_LOGIT 2.5 /* weight of a finding, either way; set by hand, not fitted */

enum witness_finding {
	WITNESS_SILENT, /* too little to say */
	WITNESS_LEAKY,	/* survivors are as many from every age */
	WITNESS_AGING,	/* survivors thin out with age, or came at the start only */
};

/* Live bytes of one allocation path by the epoch of their birth. */
enum witness_finding witness_ages(const uint64_t live[static WITNESS_EPOCHS]);

/* Bytes an hour that stay, from the mature epochs; traced_s is the time traced. */
double witness_rate_bytes_per_hour(const uint64_t live[static WITNESS_EPOCHS], double traced_s);

/*
 * A process by its paths: leaky paths that explain 30 % of its growth speak
 * for a leak; when all of its life was traced and what is outstanding explains
 * less than 10 % of the growth, the growth is the allocator's (freed but kept
 * resident) or a file's, and no leak of the program. Goes into
 * verdict_context.witness_logit.
 */
struct witness_process {
	double growth_kb_h;	 /* of the series */
	double leaky_kb_h;	 /* sum of the rates of leaky paths */
	double outstanding_kb_h; /* growth of all live allocations */
	bool is_traced_whole;	 /* tracing covers the window judged */
};
double witness_logit(const struct witness_process *p);

/* What is freed but stays resident: growth that live allocations do not explain. */
bool witness_is_retention(const struct witness_process *p);
