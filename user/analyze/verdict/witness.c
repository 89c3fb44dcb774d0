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
		return (double)live[0] + (double)live[1] > 0.8 * all ? WITNESS_EARLY
								     : WITNESS_SILENT;
	mean = m.sum / m.n;
	for (unsigned int i = m.n - 4; i < m.n; i++)
		tail += m.v[i] / 4;
	if (tail < 0.4 * mean || m.median_old > 2.5 * m.median_new)
		return WITNESS_EARLY;
	if (m.median_old < 0.45 * m.median_new || mean < 0.3 * m.young)
		return WITNESS_TURNS_OVER;
	/* holes: neither age nor a steady leak made them */
	return m.n_alive * 10 < m.n * 8 ? WITNESS_SILENT : WITNESS_LEAKY;
}

double witness_rate_bytes_per_hour(const uint64_t live[static WITNESS_EPOCHS], double traced_s)
{
	struct mature m;

	mature_epochs(live, &m);
	return m.n && traced_s > 0 ? m.sum / m.n * WITNESS_EPOCHS / traced_s * 3600 : 0;
}

bool witness_is_sure(uint64_t live_bytes, uint64_t error_bytes)
{
	return error_bytes <= live_bytes / 4;
}

double witness_logit(enum witness_finding finding)
{
	if (finding == WITNESS_SILENT)
		return 0;
	return finding == WITNESS_LEAKY ? WITNESS_LOGIT : -WITNESS_LOGIT;
}
