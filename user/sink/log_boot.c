/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state in which boot diagnostics found the machine, written once, in sections. */
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "sink/log_part.h"

#define TOP_ROWS 20

static void head(struct strbuf *b, const struct run_info *info)
{
	log_head(b, info, "state of the machine when boot diagnostics began");
}

static void section(struct strbuf *b, const struct moment *m, const char *title)
{
	char time[UTC_TIME_SIZE];

	strbuf_addf(b, "\n== %s == %s\n", title, utc_time(time, m->tick->time_ns));
}

static void named(struct strbuf *b, const char *name, const char *value, size_t size)
{
	strbuf_addf(b, "%-16s", name);
	log_name(b, *value ? value : "?", *value ? size : 1);
	strbuf_addf(b, "\n");
}

static void add_fact(struct strbuf *b, const struct moment *m, const char *kind, const char *name)
{
	const struct fact *f = facts__find(m->boot->facts, kind, name);

	named(b, *name ? name : kind, f ? f->value : "", f ? sizeof(f->value) : 0);
}

static void add_kernel(struct strbuf *b, const struct moment *m)
{
	const struct run_info *i = m->info;

	section(b, m, "KERNEL");
	named(b, "kernel", i->kernel, sizeof(i->kernel));
	named(b, "architecture", i->arch, sizeof(i->arch));
	named(b, "boot id", i->boot_id, sizeof(i->boot_id));
	add_fact(b, m, "os", "");
	add_fact(b, m, "cmdline", "");
	strbuf_addf(b, "%-16s %.3f s\n", "uptime", (double)m->boot->uptime_ns / 1e9);
	for (size_t n = 0; n < m->boot->facts->n; n++)
		if (!strcmp(m->boot->facts->v[n].kind, "packages"))
			add_fact(b, m, "packages", m->boot->facts->v[n].name);
}

static void add_memory_map(struct strbuf *b, const struct moment *m)
{
	bool any = false;

	section(b, m, "MEMORY MAP");
	for (size_t i = 0; i < m->boot->facts->n; i++) {
		const struct fact *f = &m->boot->facts->v[i];

		if (strcmp(f->kind, "memory") != 0)
			continue;
		any = true;
		log_name(b, f->name, sizeof(f->name));
		log_name(b, f->value, sizeof(f->value));
		strbuf_addf(b, "\n");
	}
	if (!any)
		strbuf_addf(b, " ? (proc/iomem cannot be read)\n");
}

/* What nobody can be asked about any more: it was taken before we looked. */
static void add_before(struct strbuf *b, const struct moment *m)
{
	static const char *const parts[] = {"AnonPages",   "Shmem",	   "Cached",
					    "SUnreclaim",  "SReclaimable", "PageTables",
					    "KernelStack", "VmallocUsed",  "Percpu"};
	uint64_t used, total, bytes;
	char text[HUMAN_BYTES_SIZE], time[HUMAN_DURATION_SIZE];

	section(b, m, "BEFORE ATTACH");
	if (moment__used(m, &used, &total))
		strbuf_addf(b, "used before attach: ?\n");
	else
		strbuf_addf(b,
			    "used before attach: %s (%llu KiB), %s after boot: pages without an "
			    "owner\n",
			    human_bytes(text, used), (unsigned long long)(used / 1024),
			    human_duration(time, m->boot->uptime_ns));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!moment__meminfo(m, parts[i], &bytes))
			strbuf_addf(b, "  of all memory %-14s %12llu KiB\n", parts[i],
				    (unsigned long long)(bytes / 1024));
}

static void add_meminfo(struct strbuf *b, const struct moment *m)
{
	section(b, m, "MEMINFO");
	vec_for_each(line, &m->tick->meminfo) {
		strbuf_addf(b, "%-24s", line->name);
		log_count(b, 12, true, line->is_count ? line->bytes : line->bytes / 1024);
		strbuf_addf(b, "%s\n", line->is_count ? "" : " KiB");
	}
	if (!m->tick->meminfo.n)
		strbuf_addf(b, "?\n");
}

static int by_rss(const void *a, const void *b)
{
	const struct proc_sample *x = *(const struct proc_sample *const *)a;
	const struct proc_sample *y = *(const struct proc_sample *const *)b;

	return (x->value[PROC_RSS] < y->value[PROC_RSS]) -
	       (x->value[PROC_RSS] > y->value[PROC_RSS]);
}

static void add_processes(struct strbuf *b, const struct moment *m)
{
	VEC(const struct proc_sample *) v = {};

	section(b, m, "TOP PROCESSES");
	strbuf_addf(b, "    PID        RSS COMM\n");
	for (size_t i = 0; i < m->n_procs; i++)
		if (m->procs[i].known & 1u << PROC_RSS && m->procs[i].value[PROC_RSS] &&
		    vec_push(&v, &m->procs[i]))
			b->failed = true;
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), by_rss);
	for (size_t i = 0; i < v.n && i < TOP_ROWS; i++) {
		strbuf_addf(b, "%7u", v.v[i]->id.pid);
		log_kb(b, true, v.v[i]->value[PROC_RSS]);
		log_name(b, v.v[i]->comm, COMM_SIZE);
		strbuf_addf(b, "\n");
	}
	vec_free(&v);
}

static uint64_t slab_bytes(const struct slab_cache *c)
{
	return c->slabs * c->pages_per_slab;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = slab_bytes(*(const struct slab_cache *const *)a);
	uint64_t y = slab_bytes(*(const struct slab_cache *const *)b);

	return (x < y) - (x > y);
}

static void add_slabs(struct strbuf *b, const struct moment *m)
{
	VEC(const struct slab_cache *) v = {};

	section(b, m, "SLAB");
	if (m->system->err[SYSTEM_SLABINFO])
		log_missing(b, m, SYSTEM_SLABINFO);
	strbuf_addf(b, "       SIZE    OBJECTS CACHE\n");
	vec_for_each(c, &m->system->slabs)
		if (slab_bytes(c) && vec_push(&v, c))
			b->failed = true;
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), by_size);
	for (size_t i = 0; i < v.n && i < TOP_ROWS; i++) {
		log_kb(b, true, slab_bytes(v.v[i]) * m->info->page_size);
		log_count(b, 10, true, v.v[i]->active_objects);
		log_name(b, v.v[i]->name, sizeof(v.v[i]->name));
		strbuf_addf(b, "\n");
	}
	vec_free(&v);
}

static void add_units(struct strbuf *b, const struct moment *m)
{
	size_t n = 0;

	section(b, m, "UNITS STARTED SO FAR");
	for (size_t i = 0; i < m->boot->facts->n; i++) {
		const struct fact *f = &m->boot->facts->v[i];

		if (strcmp(f->kind, "unit") != 0)
			continue;
		n++;
		log_name(b, f->name, sizeof(f->name));
		strbuf_addf(b, "\n");
	}
	if (!n)
		strbuf_addf(b, " ? (systemd does not run here, or started none)\n");
}

static void moment(struct strbuf *b, const struct moment *m)
{
	if (!m->boot->facts)
		return;
	add_kernel(b, m);
	add_before(b, m);
	add_memory_map(b, m);
	add_meminfo(b, m);
	add_processes(b, m);
	add_slabs(b, m);
	add_units(b, m);
}

const struct log_sink boot_log = {.name = "boot", .head = head, .moment = moment};
