/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/page_ages.h"

#define NS_PER_S 1e9
#define EXPLAINED 0.3 /* of the growth, by what steadily stays */

struct sums {
	uint64_t ages[PATH_EPOCHS];
	uint64_t live, begin_ns, taken_ns;
	double variance;
};

static void add(struct sums *s, const struct code_history *c, const struct path_history *p)
{
	code_history__add_ages(c, p, s->ages);
	s->live += path_held(&p->last) >> 10;
	s->variance += (double)p->last.error * (double)p->last.error;
	if (p->ages.id)
		s->begin_ns = p->ages.begin_ns;
	if (p->taken_ns > s->taken_ns)
		s->taken_ns = p->taken_ns;
}

static enum witness_finding find(const struct sums *s, double sampled_s, double growth_kb_h)
{
	enum witness_finding finding = witness_ages(s->ages);
	double rate = witness_rate_bytes_per_hour(s->ages, sampled_s) / 1024;

	if (!witness_is_sure(s->live, (uint64_t)(num_sqrt(s->variance) / 1024)))
		return WITNESS_SILENT;
	if (finding == WITNESS_LEAKY && rate < EXPLAINED * growth_kb_h)
		return WITNESS_SILENT;
	return finding;
}

void page_ages__of(const struct code_history *c, struct proc_id id, double growth_kb_h,
		   struct page_ages *ret)
{
	struct sums s = {0};

	*ret = (struct page_ages){0};
	if (!c->ages_end_ns)
		return;
	vec_for_each(p, &c->paths)
		if (p->last.domain == PATH_USER && proc_id_equal(p->last.proc, id))
			add(&s, c, p);
	if (!s.begin_ns || s.begin_ns >= c->ages_end_ns)
		return;
	ret->sampled_ns = c->ages_end_ns - s.begin_ns;
	ret->finding = find(&s, (double)ret->sampled_ns / NS_PER_S, growth_kb_h);
	if (s.taken_ns && s.taken_ns < c->track.last_ns)
		ret->rest_ns = c->track.last_ns - s.taken_ns;
}
