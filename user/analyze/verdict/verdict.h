/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict on one series: is it a leak, how fast, how sure, when does
 * memory run out, and why. Pure functions of the series and of a context of
 * plain values: no clock, no I/O, no globals, the same on every machine.
 */
#pragma once

#include "analyze/verdict/evidence.h"
#include "analyze/verdict/witness.h"

enum verdict_kind {
	VERDICT_INSUFFICIENT, /* too short to tell */
	VERDICT_STABLE,
	VERDICT_LEAK,
	VERDICT_GROWING, /* suspected: growing, and a leak is not excluded */
	VERDICT_PLATEAU, /* grew and came to rest */
	VERDICT_SAWTOOTH,
	VERDICT_STEP,
	VERDICT_SPIKES,
	VERDICT_SEASONAL,
	VERDICT_SHRINKING,
	_VERDICT_KIND_MAX,
};

enum verdict_shape {
	SHAPE_NONE,
	SHAPE_FLAT,
	SHAPE_LINEAR,
	SHAPE_ACCELERATING,
	SHAPE_SLOWING,
	SHAPE_LATE, /* flat, then growing */
	SHAPE_STEPS,
	SHAPE_SAWTOOTH,
	SHAPE_SEASONAL,
	SHAPE_SPIKES,
	SHAPE_NOISY,
	SHAPE_FALLING,
	_SHAPE_MAX,
};

extern const char *const verdict_kind_names[_VERDICT_KIND_MAX];
extern const char *const verdict_shape_names[_SHAPE_MAX];

/* What is known beside the series. All zero: judge one series somebody points at. */
struct verdict_context {
	double min_rate_kb_h; /* slower growth is no leak; 0: VERDICT_MIN_RATE_KB_H */
	double prior;	      /* share of leaks among such series; 0: SCORE_PRIOR, no shift */
	double leak_span_s; /* watched for less nothing is called a leak, but suspected; 0: none */
	enum witness_finding ages; /* of what is held; WITNESS_SILENT: not known */
	bool has_headroom;
	double headroom_kb;  /* what is left to grow into */
	bool is_reclaimable; /* clean cache, SReclaimable: the kernel takes it back when it must */
	bool is_count;	     /* descriptors, threads: KiB are counts times VERDICT_COUNT_KB */
};

#define VERDICT_MIN_RATE_KB_H 240.0
#define VERDICT_MIN_GROWTH_KB 32.0
#define VERDICT_REASON_SIZE 256

struct verdict {
	enum verdict_kind kind;
	enum verdict_shape shape;
	double leak_probability;      /* with the prior of the context */
	uint32_t confidence_permille; /* that the kind is right about leak or no leak */
	bool has_rate; /* else what follows is not for people: it may as well be none */
	double rate_kb_h, rate_low_kb_h, rate_high_kb_h; /* of growth that lasts */
	bool has_exhaustion;
	double exhaustion_s, exhaustion_low_s, exhaustion_high_s; /* high may be NUM_INFINITY */
	bool has_detectable;
	double detectable_kb_h; /* a steady leak faster than this would have been called one by now
				 */
	double growth_kb;	/* over the window judged */
	double span_s;		/* of the window judged */
	uint64_t n_samples;
	unsigned int n_gaps;		  /* empty buckets */
	bool is_recent;			  /* the recent past alone spoke: see verdict__judge() */
	char reason[VERDICT_REASON_SIZE]; /* one sentence */
};

/*
 * Judges all of the history. When that is no leak, a ring of the recent past
 * may say leak alone, if it is sure and its floor has left everything seen
 * before below it.
 */
void verdict__judge(const struct series *s, const struct verdict_context *ctx, struct verdict *ret);

/* The naming, rate and sentence of one window; for tests and tools. */
void verdict__window(const struct window *w, const struct verdict_context *ctx,
		     struct evidence *ret_ev, struct verdict *ret);
