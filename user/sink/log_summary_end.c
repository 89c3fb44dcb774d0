/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/log_summary_end.h"

#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "sink/log_part.h"

static void head(struct strbuf *b, const struct moment *m)
{
	const struct run_info *info = m->info;
	char text[HUMAN_DURATION_SIZE], every[HUMAN_DURATION_SIZE];
	const struct history *h = m->history;

	strbuf_addf(
		b,
		"\n# The whole run: %llu samples in %s, one every %s; %s\n"
		"# TIME                   range          FIRST       LAST      LEAST       MEAN"
		"       MOST OF\n"
		"# TIME                   slab          GROWTH        NOW CACHE\n"
		"# TIME                   counter           BY COUNTER of vmstat\n"
		"# TIME                   alerts   RAISED NOW KIND, told in this run and in force\n"
		"# and what the docker log says at the end\n",
		(unsigned long long)m->tick->seq + 1,
		human_duration(text, h ? h->end_mono_ns - h->start_mono_ns : 0),
		human_duration(every, info->interval_ns),
		info->bpf ? "pages were attributed" : "no page attribution");
}

static void add_number(struct strbuf *b, enum range_kind kind, double value)
{
	if (kind <= RANGE_SLAB)
		strbuf_addf(b, " %10.0f", value / 1024);
	else if (kind == RANGE_PSI)
		strbuf_addf(b, " %10.2f", value / 100);
	else
		strbuf_addf(b, " %10.0f", value);
}

static void add_ranges(struct strbuf *b, const struct moment *m, const struct run_ranges *ranges)
{
	for (int k = 0; k < _RANGE_MAX; k++) {
		const struct run_range *r = &ranges->v[k];

		if (!r->n)
			continue;
		log_start(b, m, "range");
		add_number(b, (enum range_kind)k, (double)r->first);
		add_number(b, (enum range_kind)k, (double)r->last);
		add_number(b, (enum range_kind)k, (double)r->least);
		add_number(b, (enum range_kind)k, r->sum / (double)r->n);
		add_number(b, (enum range_kind)k, (double)r->most);
		strbuf_addf(b, " %s\n", range_names[k]);
	}
}

struct grown {
	const struct slab_cache *cache;
	int64_t by;
};

static int by_growth(const void *a, const void *b)
{
	const struct grown *x = a, *y = b;
	int64_t p = llabs(x->by), q = llabs(y->by);

	return (p < q) - (p > q);
}

/* Those that changed most since the run began, whatever they did in between. */
static void add_slabs(struct strbuf *b, const struct moment *m)
{
	const struct system_sample *s = m->system;
	struct grown *v;
	size_t n = s->slabs.n;

	if (!n || !m->first || m->first->err[SYSTEM_SLABINFO] || s->err[SYSTEM_SLABINFO])
		return;
	v = calloc(n, sizeof(*v));
	if (!v) {
		b->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		v[i] = (struct grown){&s->slabs.v[i],
				      slab_cache_growth(m->first, s, i, m->info->page_size)};
	qsort(v, n, sizeof(*v), by_growth);
	for (size_t i = 0; i < n && (!m->top || i < m->top) && v[i].by; i++) {
		log_start(b, m, "slab");
		log_change_kb(b, true, 0, (uint64_t)v[i].by);
		log_kb(b, true, slab_cache_bytes(v[i].cache, m->info->page_size));
		log_name(b, v[i].cache->name, sizeof(v[i].cache->name));
		strbuf_addf(b, "\n");
	}
	free(v);
}

/* What tells a machine that is short of memory from one that is not. */
static bool is_told(const char *name)
{
	static const char *const prefixes[] = {
		"pswp",	    "pgmajfault", "oom_kill",	   "allocstall",	 "pgscan_",
		"pgsteal_", "compact_st", "compact_fail",  "workingset_refault", "pgmigrate_",
		"drop_",    "thp_fault_", "slabs_scanned",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static void add_counters(struct strbuf *b, const struct moment *m)
{
	uint64_t delta;

	if (!m->first || m->first->err[SYSTEM_VMSTAT] || m->system->err[SYSTEM_VMSTAT])
		return;
	vec_for_each(c, &m->system->vmstat) {
		if (!is_told(c->name) ||
		    counters__delta(&m->first->vmstat, &m->system->vmstat, c->name, &delta) ||
		    !delta)
			continue;
		log_start(b, m, "counter");
		log_count(b, 10, true, delta);
		log_name(b, c->name, sizeof(c->name));
		strbuf_addf(b, "\n");
	}
}

static void add_alerts(struct strbuf *b, const struct moment *m)
{
	for (int k = 0; k < _ALERT_KIND_MAX; k++) {
		if (!m->raised[k])
			continue;
		log_start(b, m, "alerts");
		log_count(b, 6, true, m->raised[k]);
		log_count(b, 3, true, m->in_force[k]);
		strbuf_addf(b, " %s\n", alert_kind_names[k]);
	}
}

void log_summary_end(struct strbuf *b, const struct moment *m, const struct run_ranges *ranges)
{
	head(b, m);
	add_ranges(b, m, ranges);
	add_slabs(b, m);
	add_counters(b, m);
	add_alerts(b, m);
	docker_log.moment(b, m);
	strbuf_addf(b, "\n");
}
