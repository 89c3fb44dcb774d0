/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own memory: its meminfo lines, and the slab caches that grew most since the start.
 */
#include <stdlib.h>
#include <string.h>

#include "sink/log_part.h"

#define CACHES_ROWS 10

static void head(struct strbuf *b, const struct run_info *info)
{
	log_head(b, info, "kernel memory");
	strbuf_addf(b,
		    "# CHANGE: since the first line; slab: the caches that grew most since then\n"
		    "# TIME                   line            SIZE     CHANGE NAME\n"
		    "# TIME                   slab            SIZE     CHANGE    OBJECTS CACHE\n"
		    "# TIME                   phase     PHASE BUSY\n");
}

static const char *const lines[] = {"Slab",	    "SUnreclaim",	"SReclaimable",
				    "KernelStack",  "PageTables",	"SecPageTables",
				    "VmallocUsed",  "Percpu",		"Bounce",
				    "NFS_Unstable", "HardwareCorrupted"};

static void add_lines(struct strbuf *b, const struct moment *m)
{
	const struct tick *first = m->boot->first;
	uint64_t now, before;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		bool had = !meminfo_find(first->meminfo.v, first->meminfo.n, lines[i], &before);

		if (moment__meminfo(m, lines[i], &now))
			continue;
		log_start(b, m, "line");
		log_kb(b, true, now);
		log_change_kb(b, had, before, now);
		strbuf_addf(b, " %s\n", lines[i]);
	}
}

struct growth {
	const struct slab_cache *cache;
	int64_t pages;
};

static uint64_t pages_of(const struct slab_cache *c)
{
	return c->slabs * c->pages_per_slab;
}

/* Caches come in the order of slabinfo: the same each time but for new ones in front. */
static const struct slab_cache *find_first(const struct moment *m, const char *name)
{
	vec_for_each(c, &m->first->slabs)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static int by_growth(const void *a, const void *b)
{
	const struct growth *x = a, *y = b;

	return (x->pages < y->pages) - (x->pages > y->pages);
}

static void add_slabs(struct strbuf *b, const struct moment *m)
{
	VEC(struct growth) v = {};

	vec_for_each(c, &m->system->slabs) {
		const struct slab_cache *first = m->first ? find_first(m, c->name) : c;
		struct growth g = {c, (int64_t)pages_of(c)};

		if (first)
			g.pages -= (int64_t)pages_of(first);
		if (g.pages > 0 && vec_push(&v, g))
			b->failed = true;
	}
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), by_growth);
	for (size_t i = 0; i < v.n && i < CACHES_ROWS; i++) {
		uint64_t now = pages_of(v.v[i].cache) * m->info->page_size;

		log_start(b, m, "slab");
		log_kb(b, true, now);
		log_change_kb(b, true, now - (uint64_t)v.v[i].pages * m->info->page_size, now);
		log_count(b, 10, true, v.v[i].cache->active_objects);
		log_name(b, v.v[i].cache->name, sizeof(v.v[i].cache->name));
		strbuf_addf(b, "\n");
	}
	vec_free(&v);
}

static void moment(struct strbuf *b, const struct moment *m)
{
	add_lines(b, m);
	if (m->system->err[SYSTEM_SLABINFO])
		log_missing(b, m, SYSTEM_SLABINFO);
	add_slabs(b, m);
	if (m->before)
		log_phase(b, m);
}

const struct log_sink boot_kernel_log = {.name = "kernel", .head = head, .moment = moment};
