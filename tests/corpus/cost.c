/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the verdict costs: a tick over 10,000 series adds a sample to each and
 * judges those that are due and have moved. Prints CPU time a tick in the
 * steady state, the time of one verdict and the memory of a series.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "analyze/verdict/many.h"
#include "gen.h"

#define SERIES 10000
#define SAMPLES 288 /* a day at 300 s, played again and again */
#define TICKS 600
#define STEADY 400 /* ticks from here on are judged and counted */

static struct series series[SERIES];
static float value[200][SAMPLES];

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* 70 % flat, 14 % noisy, 15 % of the other innocents, 1 % leaks. */
static void make_values(void)
{
	static struct gen_series g;

	for (unsigned int i = 0; i < 200; i++) {
		enum gen_class class = i < 140	 ? GEN_FLAT
				       : i < 168 ? GEN_NOISY
						 : GEN_WARMUP + i % 13;
		struct gen_key key = {GEN_MAIN, 4, 3, i >= 198 ? GEN_CONST : class, i};

		gen_make(&key, &g);
		for (unsigned int k = 0; k < SAMPLES; k++)
			value[i][k] = (float)g.v[k < g.n ? k : g.n - 1];
	}
}

int main(void)
{
	const struct verdict_context ctx = {.prior = MANY_PRIOR};
	double total = 0, worst = 0, judging = 0;
	unsigned long looks = 0;

	make_values();
	for (unsigned int tick = 0; tick < TICKS; tick++) {
		double began = cpu_ms(), took;

		for (unsigned int i = 0; i < SERIES; i++) {
			struct series *s = &series[i];
			struct verdict v;
			double at;

			series__add(s, tick * 30.0 + i * 1e-4,
				    (double)value[i % 200][tick % SAMPLES]);
			if (!series__due(s))
				continue;
			s->n_judged = s->n;
			if (tick < STEADY || !series__moved(s) || !series__rising(s))
				continue;
			at = cpu_ms();
			verdict__judge(s, &ctx, &v);
			alarm__look(s, &v);
			judging += cpu_ms() - at;
			looks++;
		}
		took = cpu_ms() - began;
		if (tick < STEADY)
			continue;
		total += took;
		worst = took > worst ? took : worst;
	}
	printf("tick over %d series: mean %.2f ms, worst %.2f ms of CPU\n", SERIES,
	       total / (TICKS - STEADY), worst);
	printf("verdicts a tick: %.1f, %.1f us each\n", (double)looks / (TICKS - STEADY),
	       1000 * judging / (double)looks);
	printf("memory: %zu bytes a series\n", sizeof(struct series));
	return 0;
}
