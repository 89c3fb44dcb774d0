/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The synthetic corpus: seeded series of known truth. Two ways of building
 * them, so that a detector tuned on one can be tried on the other: formulas
 * (gen.c, two styles) and a small simulation of a server's memory (sim.c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define GEN_MAX 1500 /* samples */

enum gen_class {
	/* leaks */
	GEN_CONST,
	GEN_BURSTY,
	GEN_LOAD,
	GEN_PARTIAL_FREE,
	GEN_STEPS,
	GEN_WARMUP_LEAK,
	GEN_GC_LEAK,
	GEN_LATE,
	GEN_CYCLE_LEAK,
	GEN_NOISY_LEAK,
	GEN_ACCEL,
	/* no leaks */
	GEN_WARMUP,
	GEN_LRU,
	GEN_GC,
	GEN_CREEP,
	GEN_RATCHET,
	GEN_SPIKES,
	GEN_ONE_STEP,
	GEN_WALK,
	GEN_NOISY,
	GEN_FLAT,
	GEN_CYCLE,
	GEN_SHRINK,
	GEN_LOGISTIC,
	GEN_DROP,
	/* nothing but more time could tell */
	GEN_U_WARMUP,
	GEN_U_FILL,
	GEN_U_HALF_CYCLE,
	GEN_U_TOOTH,
	_GEN_CLASS_MAX,
};

#define GEN_DECIDABLE GEN_U_WARMUP /* classes below this one */
#define GEN_LEAKS GEN_WARMUP

enum gen_style { GEN_MAIN, GEN_SHIFTED, GEN_SIMULATED, _GEN_STYLE_MAX };

struct gen_duration {
	const char *name;
	double span_s, interval_s;
	double max_rate; /* KiB an hour */
};

#define GEN_DURATIONS 5
extern const struct gen_duration gen_durations[GEN_DURATIONS]; /* 5m 30m 2h 24h 5d */
extern const char *const gen_class_names[_GEN_CLASS_MAX];
extern const char *const gen_expected[_GEN_CLASS_MAX];

struct gen_key {
	enum gen_style style;
	uint64_t seed;
	unsigned int duration; /* index */
	enum gen_class class;
	unsigned int k; /* number within the class */
};

struct gen_series {
	unsigned int n;
	double t[GEN_MAX], v[GEN_MAX];
	bool leak, decidable;
	double rate_kb_h; /* true rate of the leak while it runs */
	double onset_s, leaked_kb, other_sd_kb;
};

/* The same key gives the same series on every machine. */
void gen_make(const struct gen_key *key, struct gen_series *ret);

/* Shared with sim.c. */
struct gen_rng {
	uint64_t s;
};
double gen_uniform(struct gen_rng *r, double a, double b);
double gen_log_uniform(struct gen_rng *r, double a, double b);
double gen_normal(struct gen_rng *r);
double gen_sin(double turns); /* sin(2 pi turns) */
void gen_finish(struct gen_rng *r, const struct gen_duration *d, struct gen_series *s);
void sim_make(struct gen_rng *r, const struct gen_key *key, struct gen_series *ret);
