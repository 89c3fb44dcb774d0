/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/score.h"

#define SCORE_CUTS 31 /* a feature's thresholds */

struct tree {
	uint8_t evidence[7]; /* heap order: root, its children, theirs */
	uint8_t cut[7];	     /* index into the evidence's thresholds; above goes right */
	int16_t leaf[8];     /* thousandths of a logit */
};

#include "analyze/verdict/score_table.h"

double score_logit(const double e[_EV_MAX])
{
	int32_t sum = score_bias;

	for (size_t t = 0; t < sizeof(trees) / sizeof(trees[0]); t++) {
		const struct tree *tree = &trees[t];
		unsigned int at = 0;

		while (at < 7) {
			unsigned int ev = tree->evidence[at];

			at = 2 * at + 1 + (e[ev] > (double)cuts[ev][tree->cut[at]]);
		}
		sum += tree->leaf[at - 7];
	}
	return sum / 1000.0;
}

double score_probability(double logit)
{
	return 1 / (1 + num_exp(-logit));
}
