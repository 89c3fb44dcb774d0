/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Free blocks by order with an index each, compaction, and the slab caches behind it. */
#include <stdlib.h>
#include <string.h>

#include "model/fragmentation.h"
#include "sink/log_part.h"

static void head(struct strbuf *b, const struct run_info *info)
{
	log_head(b, info, "fragmentation");
	strbuf_addf(b, "# free: blocks of 2^0, 2^1, 2^2 ... pages of %llu bytes\n",
		    (unsigned long long)info->page_size);
	strbuf_addf(b,
		    "# unusable: share of the zone's free memory, in percent, that lies in blocks\n"
		    "#   smaller than 2^0, 2^1, 2^2 ... pages: 0 all of it serves, 100 none does\n"
		    "# type: the same as free, for one migration type; > means at least\n"
		    "# event: compaction and fallback counters of vmstat that moved since the "
		    "line before\n"
		    "# slab: the caches that take most, and those that changed most\n"
		    "# TIME                   free      NODE ZONE       BLOCKS...\n"
		    "# TIME                   unusable  NODE ZONE      PERCENT...\n"
		    "# TIME                   type      NODE ZONE     TYPE            BLOCKS...\n"
		    "# TIME                   event            BY COUNTER\n"
		    "# TIME                   slab           SIZE     CHANGE    ACTIVE   OBJECTS "
		    "CACHE\n");
}

static void add_zone(struct strbuf *b, const struct moment *m, const struct buddy_zone *z)
{
	log_start(b, m, "free");
	strbuf_addf(b, " %4u %-8.16s", z->node, z->zone);
	for (uint32_t i = 0; i < z->n_orders; i++)
		log_count(b, 7, true, z->free[i]);
	strbuf_addf(b, "\n");
	log_start(b, m, "unusable");
	strbuf_addf(b, " %4u %-8.16s", z->node, z->zone);
	for (uint32_t i = 0; i < z->n_orders; i++) {
		uint32_t permille = 0;

		unusable_index(z, i, &permille);
		strbuf_addf(b, " %5u.%u", permille / 10, permille % 10);
	}
	strbuf_addf(b, "\n");
}

static void add_type(struct strbuf *b, const struct moment *m, const struct page_type *t)
{
	log_start(b, m, "type");
	strbuf_addf(b, " %4u %-8.16s %-11.16s", t->node, t->zone, t->type);
	for (uint32_t i = 0; i < t->n_orders; i++)
		strbuf_addf(b, " %s%llu", t->capped & 1u << i ? ">" : "",
			    (unsigned long long)t->free[i]);
	strbuf_addf(b, "\n");
}

static bool is_told(const char *name)
{
	static const char *const prefixes[] = {"compact_", "extfrag", "allocstall",
					       "thp_fault_fallback", "thp_collapse_alloc_failed"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static void add_events(struct strbuf *b, const struct moment *m)
{
	uint64_t delta;

	if (m->system->err[SYSTEM_VMSTAT]) {
		log_missing(b, m, SYSTEM_VMSTAT);
		return;
	}
	if (!m->before)
		return;
	vec_for_each(c, &m->system->vmstat) {
		if (!is_told(c->name) ||
		    counters__delta(&m->before->vmstat, &m->system->vmstat, c->name, &delta) ||
		    !delta)
			continue;
		log_start(b, m, "event");
		log_count(b, 10, true, delta);
		log_name(b, c->name, sizeof(c->name));
		strbuf_addf(b, "\n");
	}
}

struct slab_row {
	const struct slab_cache *cache;
	uint64_t bytes;
	int64_t change;
	bool change_known;
};

static int by_bytes(const void *a, const void *b)
{
	const struct slab_row *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

static int by_change(const void *a, const void *b)
{
	const struct slab_row *x = a, *y = b;
	int64_t p = llabs(x->change), q = llabs(y->change);

	return (p < q) - (p > q);
}

static void add_slab(struct strbuf *b, const struct moment *m, const struct slab_row *row)
{
	log_start(b, m, "slab");
	log_kb(b, true, row->bytes);
	log_change_kb(b, row->change_known, 0, (uint64_t)row->change);
	log_count(b, 9, true, row->cache->active_objects);
	log_count(b, 9, true, row->cache->objects);
	log_name(b, row->cache->name, sizeof(row->cache->name));
	strbuf_addf(b, "\n");
}

static void add_slabs(struct strbuf *b, const struct moment *m)
{
	size_t n = m->system->slabs.n, top = m->top && m->top < n ? m->top : n;
	struct slab_row *rows = n ? calloc(n, sizeof(*rows)) : NULL;

	if (!rows) {
		b->failed |= n != 0;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct slab_cache *c = &m->system->slabs.v[i];
		uint64_t page = m->info->page_size;

		rows[i] = (struct slab_row){.cache = c, .bytes = slab_cache_bytes(c, page)};
		rows[i].change_known = m->before && !m->before->err[SYSTEM_SLABINFO] &&
				       slab_cache_find(m->before, i, c->name);
		if (rows[i].change_known)
			rows[i].change = slab_cache_growth(m->before, m->system, i, page);
	}
	qsort(rows, n, sizeof(*rows), by_bytes);
	for (size_t i = 0; i < top; i++)
		add_slab(b, m, &rows[i]);
	qsort(rows + top, n - top, sizeof(*rows), by_change);
	for (size_t i = top; i < n && i < 2 * top && rows[i].change; i++)
		add_slab(b, m, &rows[i]);
	free(rows);
}

static void moment(struct strbuf *b, const struct moment *m)
{
	vec_for_each(z, &m->system->zones)
		add_zone(b, m, z);
	if (m->system->err[SYSTEM_BUDDYINFO])
		log_missing(b, m, SYSTEM_BUDDYINFO);
	vec_for_each(t, &m->system->page_types)
		add_type(b, m, t);
	/* For root alone: said once, not at each line. */
	if (m->system->err[SYSTEM_PAGETYPE] && !m->before)
		log_missing(b, m, SYSTEM_PAGETYPE);
	add_events(b, m);
	if (m->system->err[SYSTEM_SLABINFO] && !m->before)
		log_missing(b, m, SYSTEM_SLABINFO);
	add_slabs(b, m);
}

const struct log_sink fragmentation_log = {.name = "fragmentation", .head = head, .moment = moment};
