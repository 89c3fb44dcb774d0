/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/path_ages.h"

#include <errno.h>
#include <stdlib.h>

#define NS_PER_S 1000000000ull

bool age_moments__due(const struct age_moments *m, uint64_t now_ns, bool last)
{
	if (now_ns <= m->begin_ns)
		return false;
	if (last)
		return true;
	if (now_ns < m->begin_ns + NS_PER_S)
		return false;
	return !m->told_ns || now_ns - m->begin_ns >= (m->told_ns - m->begin_ns) / 4 * 5;
}

int age_sums__begin(struct age_sums *s, size_t n, uint64_t begin_ns, uint64_t now_ns)
{
	*s = (struct age_sums){.n = n, .v = calloc(n + 1, sizeof(*s->v))};
	if (!s->v)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		s->v[i].id = (uint32_t)i + 1;
		s->v[i].begin_ns = begin_ns;
		s->v[i].end_ns = now_ns;
	}
	return 0;
}

void age_sums__add(struct age_sums *s, uint32_t id, uint64_t time_ns, double bytes)
{
	struct path_ages *a = &s->v[id - 1];
	double place = 0;
	unsigned int epoch;

	if (time_ns > a->begin_ns)
		place = (double)(time_ns - a->begin_ns) / (double)(a->end_ns - a->begin_ns);
	epoch = place < 1 ? (unsigned int)(place * PATH_EPOCHS) : PATH_EPOCHS - 1;
	a->live[epoch] += (uint64_t)bytes;
}

int age_sums__tell(const struct age_sums *s, struct tick *t)
{
	int err = 0;

	for (size_t i = 0; i < s->n && !err; i++) {
		uint64_t all = 0;

		for (int e = 0; e < PATH_EPOCHS; e++)
			all += s->v[i].live[e];
		if (all >= PATH_AGES_MIN_BYTES)
			err = vec_push(&t->ages, s->v[i]);
	}
	return err;
}

void age_sums__free(struct age_sums *s)
{
	free(s->v);
	*s = (struct age_sums){0};
}
