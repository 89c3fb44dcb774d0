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
#include "model/code.h"

#define WITNESS_EPOCHS PATH_EPOCHS /* equal parts of the time traced, oldest first */
#define WITNESS_LOGIT 2.5	   /* weight of a finding, either way; set by hand, not fitted */

enum witness_finding {
	WITNESS_SILENT,	    /* too little to say */
	WITNESS_LEAKY,	    /* survivors are as many from every age */
	WITNESS_TURNS_OVER, /* survivors thin out with age */
	WITNESS_EARLY,	    /* survivors came early: a pool, a cache that is full */
};

/* Live bytes of one allocation path by the epoch of their birth. */
enum witness_finding witness_ages(const uint64_t live[static WITNESS_EPOCHS]);

/* Bytes an hour that stay, from the mature epochs; traced_s is the time traced. */
double witness_rate_bytes_per_hour(const uint64_t live[static WITNESS_EPOCHS], double traced_s);

/*
 * What is sampled has an error, 95 %: above a quarter of the whole (some sixty
 * samples) the parts say nothing.
 */
bool witness_is_sure(uint64_t live_bytes, uint64_t error_bytes);

/* What a finding adds to the logit of a leak; see verdict_context.ages. */
double witness_logit(enum witness_finding finding);
