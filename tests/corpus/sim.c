/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other way of building a series: a small server. Requests arrive by a
 * load curve; each allocates, most of it dies with the request, some lives for
 * a session, some enters a bounded cache, some becomes garbage for a collector,
 * and in leaking programs some is forgotten. The allocator gives memory back
 * late or never. The class decides which of these are on; the series is what
 * comes out.
 */
#include "gen.h"

#include <string.h>

#include "analyze/verdict/num.h"

struct server {
	double load_depth, load_turns, load_phase; /* cycle of the load */
	double burst;	   /* chance of a burst in a step, and its size over the mean */
	double request_kb; /* allocated a step at mean load */
	double session_share, session_life; /* steps */
	double cache_share, cache_cap_kb;
	double garbage_share, heap_kb; /* the collector runs when garbage reaches heap_kb */
	double leak_share, leak_from;  /* from this fraction of the run on */
	double batch_every, batch_len, batch_kb; /* steps */
	double trim;				 /* share of free memory given back a step */
	double pool_kb, pool_life;		 /* warm-up: pools, code, fonts ... */
};

static double arrivals(struct gen_rng *r, const struct server *p, double x)
{
	double mean = 1 + p->load_depth * gen_sin(x * p->load_turns + p->load_phase);
	double noise = 1 + 0.25 * gen_normal(r);

	if (gen_uniform(r, 0, 1) < p->burst)
		noise += gen_uniform(r, 1, 6);
	return num_max(0, mean * noise);
}

static void run(struct gen_rng *r, const struct server *p, struct gen_series *s, double base)
{
	double session = 0, cache = 0, garbage = gen_uniform(r, 0, 1) * p->heap_kb, leaked = 0;
	double heap = 0, pool = 0, batch_phase = gen_uniform(r, 0, p->batch_every + 1);

	for (unsigned int i = 0; i < s->n; i++) {
		double x = (double)i / s->n, work = p->request_kb * arrivals(r, p, x), live;
		double in_batch = p->batch_every > 0 ? batch_phase + i : 0;

		session += work * p->session_share;
		session -= p->session_life > 0 ? session / p->session_life : 0;
		cache = num_min(p->cache_cap_kb, cache + work * p->cache_share);
		garbage += work * p->garbage_share;
		if (garbage > p->heap_kb)
			garbage = p->heap_kb * gen_uniform(r, 0, 0.1);
		if (x >= p->leak_from)
			leaked += work * p->leak_share;
		pool += p->pool_life > 0 ? (p->pool_kb - pool) / p->pool_life : 0;
		live = session + cache + garbage + leaked + pool;
		if (p->batch_every > 0 &&
		    in_batch - (double)(int)(in_batch / p->batch_every) * p->batch_every <
			    p->batch_len)
			live += p->batch_kb;
		heap = live > heap ? live : heap - (heap - live) * p->trim;
		s->v[i] = base + heap;
	}
	s->leaked_kb = leaked;
}

static void steady(struct gen_rng *r, struct server *p, double size, unsigned int n)
{
	p->request_kb = size / n;
	p->session_share = 1;
	p->session_life = num_max(1.2, n * gen_log_uniform(r, 0.005, 0.05));
	p->trim = gen_uniform(r, 0, 1) < 0.5 ? 1 : gen_log_uniform(r, 0.02, 0.5);
	p->burst = gen_uniform(r, 0, 1) < 0.3 ? gen_uniform(r, 0.01, 0.1) : 0;
}

static void cycling(struct gen_rng *r, struct server *p, double turns)
{
	p->load_depth = gen_uniform(r, 0.3, 0.9);
	p->load_turns = turns > 0 ? turns : gen_log_uniform(r, 2, 8);
	p->load_phase = gen_uniform(r, 0, 1);
	p->trim = gen_uniform(r, 0.4, 1);
}

static void innocent(struct gen_rng *r, struct server *p, enum gen_class class, double size,
		     unsigned int n)
{
	switch (class) {
	case GEN_WARMUP:
	case GEN_LOGISTIC:
		p->pool_kb = size;
		p->pool_life = n * gen_uniform(r, 0.02, 0.2);
		break;
	case GEN_LRU:
		p->cache_share = size / p->request_kb / n;
		p->cache_cap_kb = size * gen_uniform(r, 0.1, 0.7);
		break;
	case GEN_GC:
		p->garbage_share = size / p->request_kb / n;
		p->heap_kb = size / gen_log_uniform(r, 3, 25);
		p->trim = 1;
		break;
	case GEN_CREEP:
	case GEN_RATCHET: /* bursts, and an allocator that never gives back */
		p->burst = gen_uniform(r, 0.03, 0.3);
		p->session_life = gen_uniform(r, 1.2, 4);
		p->request_kb = size / gen_uniform(r, 2, 8);
		p->trim = gen_uniform(r, 0, 1) < 0.7 ? 0 : 0.01;
		break;
	case GEN_SPIKES:
		p->batch_kb = size;
		p->batch_every = n / gen_log_uniform(r, 4, 20);
		p->batch_len = num_max(1, p->batch_every * gen_uniform(r, 0.05, 0.3));
		p->trim = 1;
		break;
	default:
		break;
	}
}

/* Changes of the program itself: a deploy, a release of what it held. */
static void reshape(struct gen_rng *r, enum gen_class class, double size, struct gen_series *s)
{
	double at = gen_uniform(r, 0.08, 0.92) * s->n;

	for (unsigned int i = 0; i < s->n; i++) {
		if (class == GEN_SHRINK)
			s->v[i] += size * (1 - (double)i / s->n);
		else if (class == GEN_DROP)
			s->v[i] += i < at ? size : 0;
		else if (class == GEN_ONE_STEP)
			s->v[i] += i < at ? 0 : size;
	}
}

void sim_make(struct gen_rng *r, const struct gen_key *key, struct gen_series *s)
{
	const struct gen_duration *d = &gen_durations[key->duration];
	double base = gen_log_uniform(r, 4000, 2e6), size = base * gen_log_uniform(r, 0.02, 1);
	double rate = gen_log_uniform(r, 600, d->max_rate),
	       turns = d->span_s >= 86400 ? d->span_s / 86400 : 0;
	enum gen_class class = key->class;
	struct server p = {0};
	unsigned int n = s->n;

	if (s->leak) { /* the rest of the server in proportion to what it leaks */
		double leaked = rate * d->span_s / 3600;

		size = leaked * gen_log_uniform(r, 0.05, 2);
		steady(r, &p, size, n);
		p.leak_share = leaked / p.request_kb / n;
		if (class == GEN_BURSTY)
			p.burst = gen_uniform(r, 0.03, 0.2);
		if (class == GEN_LATE) {
			p.leak_from = gen_uniform(r, 0.2, 0.55);
			s->onset_s = p.leak_from * d->span_s;
		}
		if (class == GEN_CYCLE_LEAK || class == GEN_LOAD) {
			cycling(r, &p, class == GEN_LOAD ? 0 : turns);
			p.session_life = n * 0.02;
		}
		if (class == GEN_GC_LEAK || class == GEN_PARTIAL_FREE)
			innocent(r, &p, GEN_GC, leaked * gen_log_uniform(r, 1, 15), n);
		if (class == GEN_WARMUP_LEAK)
			innocent(r, &p, GEN_WARMUP, leaked * gen_log_uniform(r, 0.3, 3), n);
		if (class == GEN_STEPS) /* batches that leave something behind */
			innocent(r, &p, GEN_SPIKES, leaked * gen_uniform(r, 0.05, 0.5), n);
		run(r, &p, s, base);
		s->rate_kb_h = s->leaked_kb / (d->span_s - s->onset_s) * 3600;
		return;
	}
	steady(r, &p, size, n);
	if (class == GEN_CYCLE)
		cycling(r, &p, turns);
	innocent(r, &p, class, size, n);
	if (class >= GEN_DECIDABLE) {
		p.cache_share = size / p.request_kb / n;
		p.cache_cap_kb = 1e18;
	}
	run(r, &p, s, base);
	reshape(r, class, size, s);
}
