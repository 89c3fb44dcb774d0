/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fits the score table of the verdict (user/analyze/verdict/score_table.h) on
 * the synthetic corpus: gradient boosting of logistic loss with trees of three
 * levels over binned evidence, each split held to the direction its evidence
 * may push in. Deterministic: `fit SEED > score_table.h` repeats the fit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/verdict/shape.h"
#include "gen.h"

#define CUTS 31
#define BINS (CUTS + 1)
#define RATE 0.1
#define LAMBDA 8.0
#define MIN_HESSIAN 12.0
#define ROW_SHARE 0.7
#define COLUMN_SHARE 0.6

struct sample {
	double e[_EV_MAX];
	uint8_t bin[_EV_MAX];
	bool leak;
	double weight, logit, g, h;
	int node;
};

struct tree {
	int ev[7], cut[7];
	double leaf[8];
};

struct fit {
	struct sample *s;
	size_t n, cap;
	float cuts[_EV_MAX][CUTS];
	struct tree *trees;
	unsigned int n_trees;
	double bias;
	struct gen_rng rng;
};

static void collect(struct fit *f, const struct gen_key *key, double weight)
{
	static struct gen_series g;
	struct series s = {0};
	struct evidence ev;
	struct window w;
	struct sample *to;

	gen_make(key, &g);
	for (unsigned int i = 0; i < g.n; i++)
		series__add(&s, g.t[i], g.v[i]);
	window__all(&s, &w);
	if (w.m < WINDOW_MIN || !series__moved(&s))
		return;
	evidence__weigh(&w, &ev);
	/* what the gates stop needs no score */
	if (!passes_gates(&ev, &w, 0))
		return;
	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 4096;
		f->s = realloc(f->s, f->cap * sizeof(*f->s));
		if (!f->s)
			abort();
	}
	to = &f->s[f->n++];
	memset(to, 0, sizeof(*to));
	memcpy(to->e, ev.e, sizeof(to->e));
	to->leak = g.leak;
	to->weight = weight;
}

/*
 * Innocents whose look is nearest to a leak's count more: a false alarm costs
 * more than a leak found a little later, and nature has more of them than of
 * the other classes.
 */
static bool is_hard(int class)
{
	return class == GEN_CREEP || class == GEN_WALK || class == GEN_RATCHET ||
	       class == GEN_NOISY || class == GEN_WARMUP;
}

static void collect_all(struct fit *f, uint64_t seed, unsigned int per_class)
{
	static const double share[_GEN_STYLE_MAX] = {0.6, 0.4, 0.3};

	for (int style = 0; style < _GEN_STYLE_MAX; style++)
		for (unsigned int d = 0; d < GEN_DURATIONS; d++)
			for (int c = 0; c < GEN_DECIDABLE; c++)
				for (unsigned int k = 0;
				     k < per_class * share[style] * (d == 4 ? 0.5 : 1); k++) {
					struct gen_key key = {style, seed, d, c, k};

					collect(f, &key, is_hard(c) ? 1.7 : 1);
				}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Three significant digits: a table a person can read. */
static float rounded(double x)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3g", x);
	return strtof(text, NULL);
}

static void make_bins(struct fit *f)
{
	double *v = malloc(f->n * sizeof(*v));

	for (int e = 0; e < _EV_MAX; e++) {
		for (size_t i = 0; i < f->n; i++)
			v[i] = f->s[i].e[e];
		qsort(v, f->n, sizeof(*v), compare);
		for (int c = 0; c < CUTS; c++)
			f->cuts[e][c] = rounded(v[(size_t)((c + 1.0) / BINS * f->n)]);
		for (size_t i = 0; i < f->n; i++) {
			uint8_t bin = 0;

			while (bin < CUTS && f->s[i].e[e] > (double)f->cuts[e][bin])
				bin++;
			f->s[i].bin[e] = bin;
		}
	}
	free(v);
}

struct split {
	double gain, left, right; /* values of the sides */
	int ev, cut;
};

static double value(double g, double h, const double bound[2])
{
	return num_clamp(-g / (h + LAMBDA), bound[0], bound[1]);
}

static void best_split(const struct fit *f, int node, const bool *column, const double bound[2],
		       struct split *ret)
{
	static double g[_EV_MAX][BINS], h[_EV_MAX][BINS];
	double sum_g = 0, sum_h = 0;

	memset(g, 0, sizeof(g));
	memset(h, 0, sizeof(h));
	for (size_t i = 0; i < f->n; i++) {
		const struct sample *s = &f->s[i];

		if (s->node != node)
			continue;
		sum_g += s->g;
		sum_h += s->h;
		for (int e = 0; e < _EV_MAX; e++) {
			g[e][s->bin[e]] += s->g;
			h[e][s->bin[e]] += s->h;
		}
	}
	*ret = (struct split){.ev = -1};
	ret->left = ret->right = value(sum_g, sum_h, bound);
	for (int e = 0; e < _EV_MAX; e++) {
		double lg = 0, lh = 0;

		for (int c = 0; column[e] && c < CUTS; c++) {
			double rg, rh, l, r, gain;

			lg += g[e][c];
			lh += h[e][c];
			rg = sum_g - lg;
			rh = sum_h - lh;
			if (lh < MIN_HESSIAN || rh < MIN_HESSIAN)
				continue;
			l = value(lg, lh, bound);
			r = value(rg, rh, bound);
			if ((r - l) * evidence_push[e] < 0)
				continue;
			gain = lg * lg / (lh + LAMBDA) + rg * rg / (rh + LAMBDA) -
			       sum_g * sum_g / (sum_h + LAMBDA);
			if (gain > ret->gain)
				*ret = (struct split){gain, l, r, e, c};
		}
	}
}

static void grow_tree(struct fit *f, struct tree *t)
{
	double bound[15][2] = {{-4, 4}};
	bool column[_EV_MAX];

	for (int e = 0; e < _EV_MAX; e++)
		column[e] = gen_uniform(&f->rng, 0, 1) < COLUMN_SHARE;
	for (size_t i = 0; i < f->n; i++)
		f->s[i].node = gen_uniform(&f->rng, 0, 1) < ROW_SHARE ? 0 : -1;
	for (int node = 0; node < 7; node++) {
		struct split s;
		double mid;

		best_split(f, node, column, bound[node], &s);
		t->ev[node] = s.ev < 0 ? 0 : s.ev;
		t->cut[node] = s.ev < 0 ? 0 : s.cut;
		mid = (s.left + s.right) / 2;
		for (int side = 0; side < 2; side++) {
			int child = 2 * node + 1 + side;

			bound[child][0] = bound[node][0];
			bound[child][1] = bound[node][1];
			if (s.ev >= 0 && evidence_push[s.ev])
				bound[child][(side ? 0 : 1) ^ (evidence_push[s.ev] < 0)] = mid;
			if (child >= 7)
				t->leaf[child - 7] = RATE * (side ? s.right : s.left);
		}
		for (size_t i = 0; i < f->n; i++)
			if (f->s[i].node == node)
				f->s[i].node =
					2 * node + 1 + (s.ev >= 0 && f->s[i].bin[s.ev] > s.cut);
	}
}

static double apply(const struct tree *t, const struct sample *s)
{
	int at = 0;

	while (at < 7)
		at = 2 * at + 1 + (s->bin[t->ev[at]] > t->cut[at]);
	/* as the table will have it */
	return (double)(int)(t->leaf[at - 7] * 1000 + (t->leaf[at - 7] < 0 ? -0.5 : 0.5)) / 1000;
}

static void boost(struct fit *f)
{
	double leaks = 0, all = 0;

	for (size_t i = 0; i < f->n; i++) {
		all += f->s[i].weight;
		leaks += f->s[i].leak ? f->s[i].weight : 0;
	}
	f->bias = (double)(int)(1000 * num_log(leaks / (all - leaks))) / 1000;
	for (size_t i = 0; i < f->n; i++)
		f->s[i].logit = f->bias;
	for (unsigned int k = 0; k < f->n_trees; k++) {
		for (size_t i = 0; i < f->n; i++) {
			struct sample *s = &f->s[i];
			double p = 1 / (1 + num_exp(-s->logit));

			s->g = s->weight * (p - s->leak);
			s->h = s->weight * p * (1 - p);
		}
		grow_tree(f, &f->trees[k]);
		for (size_t i = 0; i < f->n; i++)
			f->s[i].logit += apply(&f->trees[k], &f->s[i]);
	}
}

/*
 * The weights above make the score shy; moving it by a constant, on series
 * that were neither fitted on nor weighted, makes its probabilities true again.
 */
static void calibrate(struct fit *f, uint64_t seed, unsigned int per_class)
{
	struct fit fresh = {.rng = {11}};
	double offset = 0;

	collect_all(&fresh, seed, per_class);
	for (size_t i = 0; i < fresh.n; i++) {
		struct sample *s = &fresh.s[i];

		for (int e = 0; e < _EV_MAX; e++)
			while (s->bin[e] < CUTS && s->e[e] > (double)f->cuts[e][s->bin[e]])
				s->bin[e]++;
		s->logit = f->bias;
		for (unsigned int k = 0; k < f->n_trees; k++)
			s->logit += apply(&f->trees[k], s);
	}
	for (int round = 0; round < 20; round++) {
		double g = 0, h = 1e-9;

		for (size_t i = 0; i < fresh.n; i++) {
			double p = 1 / (1 + num_exp(-fresh.s[i].logit - offset));

			g += fresh.s[i].leak - p;
			h += p * (1 - p);
		}
		offset += g / h;
	}
	f->bias += (double)(int)(offset * 1000) / 1000;
	fprintf(stderr, "calibration: %+.3f on %zu series\n", offset, fresh.n);
	free(fresh.s);
}

static void print_table(const struct fit *f, uint64_t seed)
{
	printf("/* SPDX-License-Identifier: GPL-2.0-or-later */\n"
	       "/* Written by tests/corpus/fit.c (seed %llu, %u trees, %zu series): refit, don't "
	       "edit. */\n"
	       "/* clang-format off */\n",
	       (unsigned long long)seed, f->n_trees, f->n);
	printf("static const int32_t score_bias = %d;\n\n", (int)(f->bias * 1000));
	printf("static const float cuts[_EV_MAX][SCORE_CUTS] = {\n");
	for (int e = 0; e < _EV_MAX; e++) {
		printf("\t{ /* %s */", evidence_names[e]);
		for (int c = 0; c < CUTS; c++)
			printf("%s%#.3gf,", c % 11 ? " " : "\n\t\t", (double)f->cuts[e][c]);
		printf("\n\t},\n");
	}
	printf("};\n\nstatic const struct tree trees[] = {\n");
	for (unsigned int k = 0; k < f->n_trees; k++) {
		const struct tree *t = &f->trees[k];

		printf("%s{ {", k % 3 ? " " : "\t");
		for (int i = 0; i < 7; i++)
			printf("%s%d", i ? "," : "", t->ev[i]);
		printf("}, {");
		for (int i = 0; i < 7; i++)
			printf("%s%d", i ? "," : "", t->cut[i]);
		printf("}, {");
		for (int i = 0; i < 8; i++)
			printf("%s%d", i ? "," : "",
			       (int)(t->leaf[i] * 1000 + (t->leaf[i] < 0 ? -0.5 : 0.5)));
		printf("} },%s", k % 3 == 2 || k + 1 == f->n_trees ? "\n" : "");
	}
	printf("};\n/* clang-format on */\n");
}

int main(int argc, char **argv)
{
	struct fit f = {.n_trees = argc > 2 ? (unsigned int)atoi(argv[2]) : 150, .rng = {7}};
	uint64_t seed = argc > 1 ? (uint64_t)atoi(argv[1]) : 1;

	f.trees = calloc(f.n_trees, sizeof(*f.trees));
	collect_all(&f, seed, argc > 3 ? (unsigned int)atoi(argv[3]) : 250);
	make_bins(&f);
	boost(&f);
	calibrate(&f, seed + 1000000, argc > 3 ? (unsigned int)atoi(argv[3]) / 2 : 125);
	print_table(&f, seed);
	free(f.s);
	free(f.trees);
	return 0;
}
