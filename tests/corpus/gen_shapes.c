/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gen_shapes.h"

#include "analyze/verdict/num.h"

static double exponential(struct gen_rng *r)
{
	return -num_log(gen_uniform(r, 1e-12, 1));
}

static double grow(double x, double tau, bool stretched)
{
	double u = x / tau;

	return 1 - num_exp(-(stretched ? num_exp(0.6 * num_log(u + 1e-12)) : u));
}

static void add_ramp(struct gen_ctx *c, double from)
{
	for (unsigned int i = 0; i < c->s->n; i++)
		if (c->x[i] > from)
			c->s->v[i] += c->leaked * (c->x[i] - from) / (1 - from);
}

/* Jumps at given places whose sizes sum to the leak, or to `total`. */
static void add_jumps(struct gen_ctx *c, unsigned int n, bool regular, double total)
{
	double at[64], size[64], sum = 0;

	n = n > 64 ? 64 : n;
	for (unsigned int j = 0; j < n; j++) {
		at[j] = regular ? (j + gen_uniform(c->r, 0.35, 0.65)) / n : gen_uniform(c->r, 0, 1);
		size[j] = regular ? gen_uniform(c->r, 0.8, 1.2) : exponential(c->r);
		sum += size[j];
	}
	for (unsigned int j = 0; j < n; j++)
		for (unsigned int i = 0; i < c->s->n; i++)
			if (c->x[i] >= at[j])
				c->s->v[i] += total * size[j] / sum;
}

static void add_teeth(struct gen_ctx *c, double height, double period)
{
	double phase = gen_uniform(c->r, 0, 1) * period, start = -phase, len = period, low = 0;
	double wobble = gen_uniform(c->r, 0, c->shifted ? 0.35 : 0.2);

	for (unsigned int i = 0; i < c->s->n; i++) {
		while (c->x[i] >= start + len) {
			start += len;
			len = period * (1 + wobble * gen_uniform(c->r, -1, 1));
			low = wobble * gen_uniform(c->r, 0, c->shifted ? 0.6 : 0.3);
		}
		c->s->v[i] += height * (low + (1 - low) * (c->x[i] - start) / period);
	}
}

static void add_cycle(struct gen_ctx *c, double height, double min_turns)
{
	double turns = c->daily ? c->d->span_s / 86400 : gen_log_uniform(c->r, min_turns, 8);
	double phase = gen_uniform(c->r, 0, 1), second = gen_uniform(c->r, 0, 0.3);

	for (unsigned int i = 0; i < c->s->n; i++) {
		double u = c->x[i] * turns + phase;

		c->s->v[i] += height * (gen_sin(u) + second * gen_sin(2 * u + 0.13)) / 2;
	}
}

static double noise_unit(struct gen_ctx *c, unsigned int kind)
{
	double z = gen_normal(c->r);

	if (c->shifted) { /* Student's t with 3 degrees of freedom, scaled to unit variance */
		double a = gen_normal(c->r), b = gen_normal(c->r), e = gen_normal(c->r);

		z = z / num_sqrt((a * a + b * b + e * e) / 3 + 1e-9) / 1.7;
	}
	if (kind == 3 && gen_uniform(c->r, 0, 1) < 0.04) {
		z = gen_uniform(c->r, 3, 10);
		z *= gen_uniform(c->r, 0, 1) < 0.8 ? 1 : -1;
	}
	return z;
}

void add_noise(struct gen_ctx *c, double sd, unsigned int kind)
{
	double a = kind == 2 ? gen_uniform(c->r, 0.4, c->shifted ? 0.97 : 0.95) : 0, e = 0;

	for (unsigned int i = 0; i < c->s->n; i++) {
		e = a * e + num_sqrt(1 - a * a) * noise_unit(c, kind);
		c->s->v[i] += sd * e;
	}
}

static void add_walk(struct gen_ctx *c, double sd, double corr)
{
	double a = num_exp(-1 / (corr * c->s->n)), e = gen_normal(c->r);

	for (unsigned int i = 0; i < c->s->n; i++) {
		c->s->v[i] += sd * e;
		e = a * e + num_sqrt(1 - a * a) * gen_normal(c->r);
	}
}

static void leak_late(struct gen_ctx *c)
{
	c->s->onset_s = gen_uniform(c->r, 0.2, 0.55) * c->d->span_s;
	c->leaked *= 1 - c->s->onset_s / c->d->span_s;
	add_ramp(c, c->s->onset_s / c->d->span_s);
}

static void leak_load(struct gen_ctx *c)
{
	double turns = gen_log_uniform(c->r, 2, 12), depth = gen_uniform(c->r, 0.2, 0.9), sum = 0;
	double phase = gen_uniform(c->r, 0, 1), v[GEN_MAX];

	for (unsigned int i = 0; i < c->s->n; i++) {
		sum += num_max(0, 1 + depth * gen_sin(c->x[i] * turns + phase) +
					  0.3 * gen_normal(c->r));
		v[i] = sum;
	}
	for (unsigned int i = 0; i < c->s->n; i++)
		c->s->v[i] += c->leaked * v[i] / sum +
			      c->leaked * 0.15 * depth * gen_sin(c->x[i] * turns + phase);
}

static void leak_partial(struct gen_ctx *c)
{
	unsigned int cycles = (unsigned int)gen_log_uniform(c->r, 4, 50);
	double kept = 1 - gen_uniform(c->r, 0.8, 0.95);

	add_ramp(c, 0);
	add_teeth(c, c->leaked / cycles * (1 - kept) / kept, 1.0 / cycles);
}

static void leak_accel(struct gen_ctx *c)
{
	double p = gen_uniform(c->r, 1.3, 2.5);

	for (unsigned int i = 0; i < c->s->n; i++)
		c->s->v[i] += c->leaked * num_exp(p * num_log(c->x[i] + 1e-9));
}

void add_warmup(struct gen_ctx *c, double height, double tau)
{
	for (unsigned int i = 0; i < c->s->n; i++)
		c->s->v[i] += height * grow(c->x[i], tau, c->shifted);
}

void leak_shape(struct gen_ctx *c, enum gen_class class)
{
	struct gen_rng *r = c->r;
	double second; /* drawn first: the order of arguments is the compiler's choice */

	switch (class) {
	case GEN_BURSTY:
		add_jumps(c, (unsigned int)gen_log_uniform(r, 9, 45), false, c->leaked);
		return;
	case GEN_STEPS:
		add_jumps(c, (unsigned int)gen_log_uniform(r, 8, 40), true, c->leaked);
		return;
	case GEN_LOAD:
		leak_load(c);
		return;
	case GEN_PARTIAL_FREE:
		leak_partial(c);
		return;
	case GEN_LATE:
		leak_late(c);
		return;
	case GEN_ACCEL:
		leak_accel(c);
		return;
	case GEN_WARMUP_LEAK:
		second = gen_uniform(r, 0.02, 0.22);
		add_warmup(c, c->leaked * gen_log_uniform(r, 0.3, 3), second);
		break;
	case GEN_GC_LEAK:
		second = 1 / gen_log_uniform(r, 4, 30);
		add_teeth(c, c->leaked * gen_log_uniform(r, 0.25, 5), second);
		break;
	case GEN_CYCLE_LEAK:
		add_cycle(c, c->leaked * gen_uniform(r, 0.2, 1.6), 2);
		break;
	case GEN_NOISY_LEAK:
		second = gen_uniform(r, 0, 3);
		add_noise(c, c->leaked * gen_uniform(r, 0.08, 0.45), 1 + (unsigned int)second);
		break;
	default:
		break;
	}
	add_ramp(c, 0);
}

static void add_fill(struct gen_ctx *c, double height, double until)
{
	for (unsigned int i = 0; i < c->s->n; i++)
		c->s->v[i] += height * num_min(1, c->x[i] / until);
}

/*
 * Growth that slows for ever without end: a logarithm, or a power below one,
 * in even or in uneven steps.
 */
static void add_slowing(struct gen_ctx *c, double height)
{
	double tau = gen_log_uniform(c->r, 0.005, 0.15), power = gen_uniform(c->r, 0.15, 0.45);
	double rough = gen_uniform(c->r, 0, 1) < 0.4 ? gen_uniform(c->r, 0.2, 1) : 0;
	bool is_power = gen_uniform(c->r, 0, 1) < 0.35;
	double v[GEN_MAX], sum = 0, last = 0;

	for (unsigned int i = 0; i < c->s->n; i++) {
		double f = is_power ? num_exp(power * num_log(c->x[i] + 1e-6))
				    : num_log(1 + c->x[i] / tau);

		sum += (f - last) * (1 - rough + rough * exponential(c->r));
		last = f;
		v[i] = sum;
	}
	for (unsigned int i = 0; i < c->s->n; i++)
		c->s->v[i] += height * v[i] / sum;
}

/*
 * The same out of few events: each takes what is not there yet, and so they
 * become rare. Between two of them nothing moves.
 */
static void add_rarer_jumps(struct gen_ctx *c, double height)
{
	double tau = gen_log_uniform(c->r, 0.1, 0.42), events = gen_log_uniform(c->r, 12, 80);
	double chance = events / c->s->n / (tau * (1 - num_exp(-1 / tau)));
	double v[GEN_MAX], sum = 0;

	for (unsigned int i = 0; i < c->s->n; i++) {
		double p = num_min(0.9, chance * num_exp(-c->x[i] / tau));

		if (gen_uniform(c->r, 0, 1) < p)
			sum += exponential(c->r);
		v[i] = sum;
	}
	for (unsigned int i = 0; i < c->s->n && sum > 0; i++)
		c->s->v[i] += height * v[i] / sum;
}

static void add_creep(struct gen_ctx *c, double height)
{
	if (gen_uniform(c->r, 0, 1) < 0.4)
		add_rarer_jumps(c, height);
	else
		add_slowing(c, height);
}

static void add_ratchet(struct gen_ctx *c, double height)
{
	double top = 0, best = 1, peaked = gen_uniform(c->r, 1, 4), v[GEN_MAX];
	double per_sample = gen_log_uniform(c->r, 20, 400) / c->s->n;

	for (unsigned int i = 0; i < c->s->n; i++) {
		for (double p = per_sample; p > 0; p -= 1) {
			double u = gen_uniform(c->r, 0, 1);

			if (p < 1 && u > p)
				continue;
			u = num_exp(peaked * num_log(gen_uniform(c->r, 1e-9, 1)));
			top = num_max(top, c->shifted ? -num_log(1 - u * 0.999) / 7 : u);
		}
		v[i] = top;
		best = num_max(top, 1e-6);
	}
	for (unsigned int i = 0; i < c->s->n; i++)
		c->s->v[i] += height * v[i] / best;
}

static void add_spikes(struct gen_ctx *c, double height)
{
	double every = 1 / gen_log_uniform(c->r, 4, 20),
	       len = every * gen_uniform(c->r, 0.05, 0.35);
	double phase = gen_uniform(c->r, 0, every), h = height;
	double wobble = gen_uniform(c->r, 0, 0.5);
	int last = -1;

	len = num_max(len, 1.2 / c->s->n);
	for (unsigned int i = 0; i < c->s->n; i++) {
		int k = (int)((c->x[i] + phase) / every);

		if (k != last)
			h = height * (1 + wobble * gen_uniform(c->r, -1, 1));
		last = k;
		if (c->x[i] + phase - k * every < len)
			c->s->v[i] += h;
	}
}

static void add_step(struct gen_ctx *c, double height)
{
	double at = gen_uniform(c->r, 0.08, 0.92);

	for (unsigned int i = 0; i < c->s->n; i++)
		if (c->x[i] >= at)
			c->s->v[i] += height;
}

static void add_logistic(struct gen_ctx *c, double height)
{
	double mid = gen_uniform(c->r, 0.12, 0.62), width = gen_uniform(c->r, 0.02, 0.08);

	for (unsigned int i = 0; i < c->s->n; i++)
		c->s->v[i] += height / (1 + num_exp(-(c->x[i] - mid) / width));
}

static void add_drop(struct gen_ctx *c)
{
	double at = gen_uniform(c->r, 0.1, 0.9), down = gen_uniform(c->r, 0.25, 0.9) * c->base;
	double back = gen_uniform(c->r, 0, 1) < 0.5 ? 0 : gen_uniform(c->r, 0.1, 0.5) * down;
	double tau = gen_uniform(c->r, 0.03, 0.25);

	for (unsigned int i = 0; i < c->s->n; i++)
		if (c->x[i] >= at)
			c->s->v[i] += back * grow(c->x[i] - at, tau, false) - down;
}

static void innocent_more(struct gen_ctx *c, enum gen_class class)
{
	struct gen_rng *r = c->r;
	double second;
	double size = c->base * gen_log_uniform(r, 0.02, 1);

	switch (class) {
	case GEN_CYCLE:
		add_cycle(c, c->base * gen_log_uniform(r, 0.03, 0.35), 2);
		return;
	case GEN_SHRINK:
		second = gen_log_uniform(r, 0.15, 2);
		add_warmup(c, -c->base * gen_uniform(r, 0.08, 0.6), second);
		return;
	case GEN_LOGISTIC:
		add_logistic(c, size);
		return;
	case GEN_DROP:
		add_drop(c);
		return;
	case GEN_U_WARMUP:
		add_warmup(c, size * 2, gen_uniform(r, 0.7, 3));
		return;
	case GEN_U_FILL:
		add_fill(c, size, 1.01);
		return;
	case GEN_U_TOOTH:
		add_fill(c, size, gen_uniform(r, 1.0, 2));
		return;
	case GEN_U_HALF_CYCLE: {
		double turns = gen_uniform(r, 0.2, 0.45), from = gen_uniform(r, -0.22, -0.15);

		for (unsigned int i = 0; i < c->s->n; i++)
			c->s->v[i] += size * gen_sin(1 + from + c->x[i] * turns);
		return;
	}
	default:
		return;
	}
}

void innocent_shape(struct gen_ctx *c, enum gen_class class)
{
	struct gen_rng *r = c->r;
	double second;
	double size = c->base * gen_log_uniform(r, 0.01, 0.9);

	switch (class) {
	case GEN_WARMUP:
		add_warmup(c, size, gen_log_uniform(r, 0.02, 0.22));
		return;
	case GEN_LRU:
		add_fill(c, size, gen_uniform(r, 0.1, 0.72));
		return;
	case GEN_GC:
		second = 1 / gen_log_uniform(r, 3, 30);
		add_teeth(c, c->base * gen_log_uniform(r, 0.02, 0.5), second);
		return;
	case GEN_CREEP:
		add_creep(c, size);
		return;
	case GEN_RATCHET:
		add_ratchet(c, size);
		return;
	case GEN_SPIKES:
		add_spikes(c, c->base * gen_log_uniform(r, 0.1, 3));
		return;
	case GEN_ONE_STEP:
		add_step(c, size);
		if (gen_uniform(r, 0, 1) < 0.2)
			add_step(c, size * gen_uniform(r, 0.3, 1));
		return;
	case GEN_WALK:
		second = gen_log_uniform(r, 0.01, 0.1);
		add_walk(c, c->base * gen_log_uniform(r, 0.003, 0.06), second);
		return;
	case GEN_NOISY:
		second = gen_uniform(r, 0, 3);
		add_noise(c, c->base * gen_log_uniform(r, 5e-4, 0.03), 1 + (unsigned int)second);
		return;
	default:
		innocent_more(c, class);
		return;
	}
}
