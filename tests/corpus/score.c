/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scores the verdict on synthetic series of one seed, with the baselines
 * beside it:  score STYLE SEED PER_CLASS [-v]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baseline.h"
#include "tally.h"

#include "gen.h"

static void score_duration(enum gen_style style, uint64_t seed, unsigned int duration,
			   unsigned int per_class, bool verbose)
{
	static struct gen_series g;
	struct tally t = {0};

	for (int c = 0; c < _GEN_CLASS_MAX; c++)
		for (unsigned int k = 0; k < per_class; k++) {
			struct gen_key key = {style, seed, duration, c, k};
			const struct verdict_context ctx = {0};
			struct series s = {0};
			struct verdict v;

			gen_make(&key, &g);
			for (unsigned int i = 0; i < g.n; i++)
				series__add(&s, g.t[i], g.v[i]);
			verdict__judge(&s, &ctx, &v);
			tally__add(&t, c, &g, &v);
		}
	tally__print(&t, gen_durations[duration].name, verbose);
}

int main(int argc, char **argv)
{
	enum gen_style style = argc > 1 ? (enum gen_style)atoi(argv[1]) : GEN_MAIN;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 2;
	unsigned int per_class = argc > 3 ? (unsigned int)atoi(argv[3]) : 40;
	bool verbose = argc > 4 && !strcmp(argv[4], "-v");

	for (unsigned int d = 0; d < GEN_DURATIONS; d++)
		score_duration(style, seed, d, per_class, verbose);
	return 0;
}
