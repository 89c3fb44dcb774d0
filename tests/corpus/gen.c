/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gen_shapes.h"

#include <string.h>

#include "analyze/verdict/num.h"

const struct gen_duration gen_durations[GEN_DURATIONS] = {
	{"5m@5s", 300, 5, 20 * 61440.0},   {"30m@30s", 1800, 30, 10 * 61440.0},
	{"2h@30s", 7200, 30, 3 * 61440.0}, {"24h@300s", 86400, 300, 30720.0},
	{"5d@300s", 432000, 300, 12288.0},
};

#define MIN_RATE 600.0

const char *const gen_class_names[_GEN_CLASS_MAX] = {
	"const_leak",	     "bursty_leak",	 "load_leak",
	"partial_free_leak", "step_leak",	 "warmup+leak",
	"gc_saw+leak",	     "late_onset_leak",	 "cycle+leak",
	"noisy_leak",	     "accel_leak",	 "warmup_exp",
	"lru_fill_plateau",  "gc_sawtooth",	 "frag_creep",
	"hiwater_ratchet",   "job_spikes",	 "one_step",
	"mean_revert",	     "noisy_stable",	 "flat",
	"load_cycle",	     "shrink",		 "logistic_rampup",
	"drop_or_restart",   "U:slow_warmup",	 "U:fill_unfinished",
	"U:half_cycle",	     "U:one_long_tooth",
};

const char *const gen_expected[_GEN_CLASS_MAX] = {
	"leak",	     "leak",	"leak",	   "leak",    "leak",	 "leak",     "leak",	  "leak",
	"leak",	     "leak",	"leak",	   "plateau", "plateau", "sawtooth", "plateau",	  "plateau",
	"spikes",    "step",	"stable",  "stable",  "stable",	 "seasonal", "shrinking", "plateau",
	"shrinking", "growing", "growing", "growing", "growing",
};

static uint64_t next(struct gen_rng *r)
{
	uint64_t z = (r->s += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

double gen_uniform(struct gen_rng *r, double a, double b)
{
	return a + (b - a) * ((double)(next(r) >> 11) / 9007199254740992.0);
}

double gen_log_uniform(struct gen_rng *r, double a, double b)
{
	return num_exp(gen_uniform(r, num_log(a), num_log(b)));
}

double gen_sin(double turns)
{
	double x, x2, sum = 0, term;

	turns -= (double)(int64_t)turns;
	x = (turns < 0 ? turns + 1 : turns) * 6.283185307179586;
	x = 3.141592653589793 - x; /* sin(pi - x) = sin x, |x| <= pi */
	x2 = x * x;
	term = x;
	for (int i = 1; i < 30; i += 2) {
		sum += term;
		term = -term * x2 / ((i + 1) * (i + 2));
	}
	return sum;
}

double gen_normal(struct gen_rng *r)
{
	double u = gen_uniform(r, 1e-12, 1), a = gen_uniform(r, 0, 1);

	return num_sqrt(-2 * num_log(u)) * gen_sin(a);
}

/* Pages, and what a sampler misses. */
void gen_finish(struct gen_rng *r, const struct gen_duration *d, struct gen_series *s)
{
	double miss = gen_uniform(r, 0, 1) < 0.3 ? gen_uniform(r, 0.005, 0.05) : 0;
	unsigned int n = 0;

	(void)d;
	for (unsigned int i = 0; i < s->n; i++) {
		if (i && gen_uniform(r, 0, 1) < miss)
			continue;
		s->t[n] = s->t[i];
		s->v[n] = (double)(int64_t)(num_max(s->v[i], 400) / 4 + 0.5) * 4;
		n++;
	}
	s->n = n;
}

static double deviation(const double *v, unsigned int n)
{
	double mean = 0, var = 0;

	for (unsigned int i = 0; i < n; i++)
		mean += v[i] / n;
	for (unsigned int i = 0; i < n; i++)
		var += (v[i] - mean) * (v[i] - mean) / n;
	return num_sqrt(var);
}

static void formula_make(struct gen_ctx *c, const struct gen_key *key)
{
	struct gen_series *s = c->s;
	struct gen_rng *r = c->r;

	c->base = gen_log_uniform(r, c->shifted ? 9000 : 3000, c->shifted ? 3e6 : 1.5e6);
	c->daily = c->d->span_s >= 86400;
	if (s->leak) {
		s->rate_kb_h = gen_log_uniform(r, MIN_RATE, c->d->max_rate);
		c->leaked = s->rate_kb_h * c->d->span_s / 3600;
		leak_shape(c, key->class);
		s->leaked_kb = c->leaked;
	} else {
		innocent_shape(c, key->class);
	}
	if (gen_uniform(r, 0, 1) < 0.7) {
		unsigned int kind = 1 + (unsigned int)gen_uniform(r, 0, 3);

		add_noise(c, c->base * gen_log_uniform(r, 1e-5, 3e-3), kind);
	}
	if (gen_uniform(r, 0, 1) < 0.25) {
		double depth = gen_uniform(r, 0.1, 0.9) * c->base;

		add_warmup(c, depth, gen_log_uniform(r, 0.003, 0.025));
		c->base -= depth;
	}
	for (unsigned int i = 0; i < s->n; i++)
		s->v[i] += c->base;
}

void gen_make(const struct gen_key *key, struct gen_series *ret)
{
	struct gen_rng r = {key->seed * 1000003 + key->style * 7919 + key->duration * 104729 +
			    key->class * 1299709ULL + key->k * 15485863ULL};
	const struct gen_duration *d = &gen_durations[key->duration];
	struct gen_ctx c = {.r = &r, .d = d, .s = ret, .shifted = key->style == GEN_SHIFTED};

	memset(ret, 0, sizeof(*ret));
	next(&r);
	ret->leak = key->class < GEN_LEAKS;
	ret->decidable = key->class < GEN_DECIDABLE;
	ret->n = (unsigned int)(d->span_s / d->interval_s + 0.5);
	for (unsigned int i = 0; i < ret->n; i++) {
		ret->t[i] = d->interval_s * (i + (i ? gen_uniform(&r, -0.02, 0.02) : 0));
		c.x[i] = ret->t[i] / d->span_s;
	}
	if (key->style == GEN_SIMULATED)
		sim_make(&r, key, ret);
	else
		formula_make(&c, key);
	gen_finish(&r, d, ret);
	if (ret->leak) {
		double rest[GEN_MAX], from = ret->onset_s;

		for (unsigned int i = 0; i < ret->n; i++)
			rest[i] =
				ret->v[i] -
				(ret->t[i] > from ? ret->rate_kb_h * (ret->t[i] - from) / 3600 : 0);
		ret->other_sd_kb = deviation(rest, ret->n);
	} else {
		ret->other_sd_kb = deviation(ret->v, ret->n);
	}
}
