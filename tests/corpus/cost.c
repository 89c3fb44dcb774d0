/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the verdict costs: ticks over 1428 processes of seven values each that
 * all move, 9996 series, through the code that a run uses. Prints CPU time a
 * tick in the steady state, the time of one verdict and the memory of a series.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyze/follow.h"
#include "gen.h"

#define PROCESSES (FOLLOW_SERIES_MAX / _FOLLOW_PROCESS_SERIES)
#define KINDS 200   /* different series, played by all */
#define SAMPLES 288 /* a day at 300 s, played again and again */
#define TICKS 900
#define STEADY 500 /* ticks from here on count */

static float value[KINDS][SAMPLES];

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* 70 % flat but for noise, 14 % noisy, 15 % of the other innocents, 1 % leaks. */
static void make_values(void)
{
	static struct gen_series g;

	for (unsigned int i = 0; i < KINDS; i++) {
		enum gen_class class = i < 140	 ? GEN_FLAT
				       : i < 168 ? GEN_NOISY
						 : GEN_WARMUP + i % 13;
		struct gen_key key = {GEN_MAIN, 4, 3, i >= 198 ? GEN_CONST : class, i};

		gen_make(&key, &g);
		for (unsigned int k = 0; k < SAMPLES; k++)
			value[i][k] = (float)g.v[k < g.n ? k : g.n - 1];
	}
}

static void make_tick(struct tick *t, unsigned int seq)
{
	t->seq = seq;
	t->mono_ns = 1 + seq * 30000000000ULL;
	for (unsigned int pid = 0; pid < PROCESSES; pid++) {
		struct proc_sample p = {.id = {pid + 1, 1}};

		for (int v = 0; v < _PROC_VALUE_MAX; v++) {
			unsigned int kind = (pid * _PROC_VALUE_MAX + (unsigned int)v) * 7 % KINDS;
			uint64_t kb = (uint64_t)value[kind][(seq + pid) % SAMPLES] + seq % 2;

			/* swap is part of another one */
			if (v != PROC_SWAP)
				p.known |= 1U << v;
			p.value[v] =
				v == PROC_FDS || v == PROC_THREADS ? kb / 4 + seq % 2 : kb * 1024;
		}
		if (vec_push(&t->procs, p))
			abort();
	}
}

int main(void)
{
	double total = 0, worst = 0, one = 0;
	struct book_stats at_steady = {0}, stats;
	struct tick t = {0};
	struct follow *f;

	make_values();
	if (follow__new(&f))
		return 1;
	for (unsigned int seq = 0; seq < TICKS; seq++) {
		double began, took;

		tick__clear(&t);
		make_tick(&t, seq);
		if (seq == STEADY)
			follow__stats(f, &at_steady);
		began = cpu_ms();
		if (follow__tick(f, &t))
			return 1;
		took = cpu_ms() - began;
		if (seq < STEADY)
			continue;
		total += took;
		worst = took > worst ? took : worst;
	}
	follow__stats(f, &stats);
	one = cpu_ms();
	for (size_t i = 0; i < 200; i++) {
		const struct follow_subject *s = follow__subject(f, i);
		const struct verdict_context ctx = {.prior = MANY_PRIOR};
		struct verdict v;

		verdict__judge(&follow__entry(f, &s->slot[FOLLOW_ANON_SWAP])->series, &ctx, &v);
	}
	one = (cpu_ms() - one) / 200;
	printf("series %u, mean_ms %.2f, worst_ms %.2f, verdicts_per_tick %.1f, behind %u, "
	       "verdict_us %.1f, bytes_per_series %zu\n",
	       stats.n, total / (TICKS - STEADY), worst,
	       (double)(stats.looks - at_steady.looks) / (TICKS - STEADY), stats.looks_behind,
	       1000 * one, stats.bytes / stats.n);
	follow__free(f);
	tick__free(&t);
	return 0;
}
