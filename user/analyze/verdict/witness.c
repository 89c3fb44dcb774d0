/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/witness.h"

/* The oldest eighth is the start-up, the youngest quarter may still be freed. */
#define MATURE_FROM 2
#define MATURE_TO 12
#define MIN_LIVE_BYTES 32768.0

struct mature {
	double v[MATURE_TO - MATURE_FROM];
	unsigned int n, n_alive;
	double sum, median_old, median_new, young;
};

/* A dead prefix is left out: the leak may have set in late. */
static void mature_epochs(const uint64_t *live, struct mature *m)
{
	double copy[MATURE_TO - MATURE_FROM];
	unsigned int from = MATURE_FROM, half;

	*m = (struct mature){0};
	while (from < MATURE_TO && !live[from])
		from++;
	for (unsigned int i = from; i < MATURE_TO; i++) {
		m->v[m->n++] = (double)live[i];
		m->n_alive += live[i] > 0;
		m->sum += (double)live[i];
	}
	for (unsigned int i = MATURE_TO; i < WITNESS_EPOCHS; i++)
		m->young += (double)live[i] / (WITNESS_EPOCHS - MATURE_TO);
	half = m->n / 2;
	for (unsigned int i = 0; i < m->n; i++)
		copy[i] = m->v[i];
	m->median_old = num_median(copy, half);
	for (unsigned int i = half; i < m->n; i++)
		copy[i - half] = m->v[i];
	m->median_new = num_median(copy, m->n - half);
}

enum witness_finding witness_ages(const uint64_t live[static WITNESS_EPOCHS])
{
	double all = 0, mean, tail = 0;
	struct mature m;

	for (unsigned int i = 0; i < WITNESS_EPOCHS; i++)
		all += (double)live[i];
	mature_epochs(live, &m);
	if (all < MIN_LIVE_BYTES)
		return WITNESS_SILENT;
	if (m.sum < MIN_LIVE_BYTES || m.n < 4)
		return live[0] + live[1] > 0.8 * all ? WITNESS_AGING : WITNESS_SILENT;
	if (m.n_alive * 10 < m.n * 8)
		return WITNESS_AGING;
	mean = m.sum / m.n;
	for (unsigned int i = m.n - 4; i < m.n; i++)
		tail += m.v[i] / 4;
	if (m.median_old < 0.45 * m.median_new || m.median_old > 2.5 * m.median_new ||
	    tail < 0.4 * mean || mean < 0.3 * m.young)
		return WITNESS_AGING;
	return WITNESS_LEAKY;
}

double witness_rate_bytes_per_hour(const uint64_t live[static WITNESS_EPOCHS], double traced_s)
{
	struct mature m;

	mature_epochs(live, &m);
	return m.n && traced_s > 0 ? m.sum / m.n * WITNESS_EPOCHS / traced_s * 3600 : 0;
}

bool witness_is_retention(const struct witness_process *p)
{
	return p->is_traced_whole && p->growth_kb_h > 0 &&
	       p->outstanding_kb_h < 0.1 * p->growth_kb_h;
}

double witness_logit(const struct witness_process *p)
{
	if (p->growth_kb_h > 0 && p->leaky_kb_h >= 0.3 * p->growth_kb_h)
		return WITNESS_LOGIT;
	return witness_is_retention(p) ? -WITNESS_LOGIT : 0;
}
