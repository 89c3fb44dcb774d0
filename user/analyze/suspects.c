/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/suspects.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "model/moment.h"

/* What a process is ranked by. */
struct rank {
	size_t at;
	uint64_t amount;
};

struct chooser {
	const struct proc_sample *procs;
	const struct history *h;
	struct rank *ranks;
	uint32_t *why; /* a process */
};

typedef uint64_t (*measure_fn)(const struct chooser *c, const struct proc_sample *p);

static uint64_t value(const struct proc_sample *p, enum proc_value v)
{
	return p->known & 1u << v ? p->value[v] : 0;
}

static uint64_t by_rss(const struct chooser *c, const struct proc_sample *p)
{
	(void)c;
	return value(p, PROC_RSS);
}

static uint64_t by_anon(const struct chooser *c, const struct proc_sample *p)
{
	(void)c;
	return value(p, PROC_ANON);
}

static uint64_t by_swap(const struct chooser *c, const struct proc_sample *p)
{
	(void)c;
	return value(p, PROC_SWAP);
}

static uint64_t by_vsz(const struct chooser *c, const struct proc_sample *p)
{
	(void)c;
	return value(p, PROC_VSZ);
}

static uint64_t by_fds(const struct chooser *c, const struct proc_sample *p)
{
	(void)c;
	return value(p, PROC_FDS);
}

static const struct proc_sample *first_of(const struct chooser *c, const struct proc_sample *p)
{
	const struct proc_history *ph = c->h ? history__find_proc(c->h, p->id) : NULL;

	return ph ? &ph->first : NULL;
}

static uint64_t by_growth(const struct chooser *c, const struct proc_sample *p)
{
	const struct proc_sample *first = first_of(c, p);
	uint64_t before, now;

	if (!first || proc_growing_bytes(first, &before) || proc_growing_bytes(p, &now))
		return 0;
	return now > before && now - before >= SUSPECT_GROWTH_MIN ? now - before : 0;
}

static uint64_t by_fd_growth(const struct chooser *c, const struct proc_sample *p)
{
	const struct proc_sample *first = first_of(c, p);
	uint64_t before, now = value(p, PROC_FDS);

	if (!first || !(first->known & p->known & 1u << PROC_FDS))
		return 0;
	before = first->value[PROC_FDS];
	return now > before && now - before >= SUSPECT_FDS_MIN ? now - before : 0;
}

/* So many of each: the rest of the machine is in the sums. */
static const struct {
	enum suspect_why why;
	measure_fn measure;
	size_t n;
} measures[] = {
	{SUSPECT_GROWS, by_growth, 10}, {SUSPECT_FDS_GROW, by_fd_growth, 8},
	{SUSPECT_RSS, by_rss, 10},	{SUSPECT_ANON, by_anon, 10},
	{SUSPECT_SWAP, by_swap, 5},	{SUSPECT_VSZ, by_vsz, 5},
	{SUSPECT_FDS, by_fds, 8},
};

/* Most first; of equals the older pid, so that a run from a file chooses the same. */
static int compare(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->amount != y->amount)
		return x->amount < y->amount ? 1 : -1;
	return (x->at > y->at) - (x->at < y->at);
}

static int take(struct chooser *c, size_t n, size_t measure, struct suspect_list *ret)
{
	size_t n_ranks = 0;

	for (size_t i = 0; i < n; i++) {
		const struct proc_sample *p = &c->procs[i];
		uint64_t amount = p->flags & PROC_KTHREAD ? 0 : measures[measure].measure(c, p);

		if (amount)
			c->ranks[n_ranks++] = (struct rank){i, amount};
	}
	if (n_ranks)
		qsort(c->ranks, n_ranks, sizeof(*c->ranks), compare);
	for (size_t i = 0; i < n_ranks && i < measures[measure].n; i++) {
		size_t at = c->ranks[i].at;

		if (!c->why[at] && vec_push(ret, (struct suspect){.at = at}))
			return -ENOMEM;
		c->why[at] |= measures[measure].why;
	}
	return 0;
}

int suspects_choose(const struct proc_sample *procs, size_t n, const struct history *h,
		    struct suspect_list *ret)
{
	_cleanup_free_ struct rank *ranks = calloc(n + 1, sizeof(*ranks));
	_cleanup_free_ uint32_t *why = calloc(n + 1, sizeof(*why));
	struct chooser c = {.procs = procs, .h = h, .ranks = ranks, .why = why};
	int err = 0;

	ret->n = 0;
	if (!ranks || !why)
		return -ENOMEM;
	for (size_t i = 0; !err && i < sizeof(measures) / sizeof(measures[0]); i++)
		err = take(&c, n, i, ret);
	vec_for_each(s, ret)
		s->why = why[s->at];
	return err;
}
