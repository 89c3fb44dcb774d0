/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/cause_slab.h"

#include <string.h>

#include "analyze/cause_who.h"
#include "analyze/report_math.h"

/* Who has less of a cache is not who filled it. */
#define SHARE_MIN_PERMILLE 250

/* Beginnings of the names of mm/slub.c, mm/slab_common.c and mm/util.c: how every object is asked
 * for. "__" before them and "_noprof" after (6.10) change nothing. */
static bool is_allocator(const char *function)
{
	static const char *const names[] = {
		"kmem_cache_alloc", "kmalloc",	"kzalloc",    "kcalloc", "kvmalloc",
		"kmemdup",	    "krealloc", "do_kmalloc", "slab_",	 "do_krealloc"};
	const char *name = function + strspn(function, "_");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

static const char *asker_of(const struct report_path *p)
{
	vec_for_each(f, &p->frames)
		if (!f->function || !is_allocator(f->function))
			return f->function;
	return NULL;
}

/* "__x64_sys_newfstatat", "__do_sys_newfstatat", "__arm64_sys_newfstatat" */
static const char *syscall_of(const struct report_path *p)
{
	vec_for_each(f, &p->frames) {
		const char *at = f->function && !strncmp(f->function, "__", 2)
					 ? strstr(f->function, "_sys_")
					 : NULL;

		if (at)
			return at + strlen("_sys_");
	}
	return NULL;
}

static bool is_of(const struct report_path *p, const char *cache)
{
	return p->domain == PATH_SLAB && !strncmp(p->what, cache, sizeof(p->what) - 1);
}

/* Strings of a report are kept once: equal ones have one address. */
static uint64_t sum_of(const struct report *r, const char *cache, const struct report_path *like,
		       const char *function)
{
	uint64_t sum = 0;

	vec_for_each(p, &r->paths)
		if (is_of(p, cache) && proc_id_equal(p->id, like->id) && asker_of(p) == function)
			sum = add_sat_u64(sum, p->live_bytes);
	return sum;
}

void cause_slab__find(const struct report *r, const char *cache, struct cause_slab *ret)
{
	struct cause_slab c = {.own_pid = r->info.pid};
	const struct report_path *largest = NULL;

	vec_for_each(p, &r->paths) {
		const char *function = is_of(p, cache) ? asker_of(p) : NULL;
		uint64_t sum;

		if (!is_of(p, cache))
			continue;
		c.traced = add_sat_u64(c.traced, p->live_bytes);
		sum = function ? sum_of(r, cache, p, function) : 0;
		if (sum <= c.bytes)
			continue;
		c.function = function;
		c.bytes = sum;
		largest = p; /* the first of its group: paths are sorted, it is the largest */
	}
	if (!largest || (double)c.bytes < (double)c.traced / 1000 * SHARE_MIN_PERMILLE)
		c.function = NULL;
	if (c.function) {
		c.syscall = syscall_of(largest);
		c.id = largest->id;
		c.comm = largest->comm;
	}
	*ret = c;
}

void cause_slab__say(const struct cause_slab *c, struct strbuf *b)
{
	char traced[HUMAN_BYTES_SIZE];

	if (!c->function)
		return;
	strbuf_addf(b, "; %.0f %% of %s traced is of %.48s",
		    100 * (double)c->bytes / (double)c->traced, human_bytes(traced, c->traced),
		    c->function);
	if (c->syscall)
		strbuf_addf(b, " for %.24s", c->syscall);
	if (!c->id.pid) {
		strbuf_addf(b, ", in interrupts");
		return;
	}
	strbuf_addf(b, ", by ");
	cause_say_process(c->comm, c->id.pid, c->own_pid, b);
}
