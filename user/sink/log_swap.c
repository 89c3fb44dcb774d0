/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Swap: how much, how fast, on what, and who is swapped out. */
#include <stdlib.h>

#include "sink/log_part.h"

#define NS_PER_S 1000000000ull

static void head(struct strbuf *b, const struct run_info *info)
{
	log_head(b, info, "swap");
	strbuf_addf(b, "# IN/s and OUT/s: read from and written to swap, KiB a second since the "
		       "line before\n"
		       "# TIME                   swap           TOTAL       USED     CACHED"
		       "       IN/s      OUT/s\n"
		       "# TIME                   device          SIZE       USED   PRIO TYPE PATH\n"
		       "# TIME                   zram            SIZE     STORED COMPRESSED"
		       "       USED      LIMIT INDEX\n"
		       "# TIME                   zswap         NUMBER COUNTER\n"
		       "# TIME                   process          PID       SWAP COMM\n");
}

static void add_rate(struct strbuf *b, const struct moment *m, const char *counter)
{
	uint64_t pages = 0;
	bool known = m->before && m->passed_ns && !m->before->err[SYSTEM_VMSTAT] &&
		     !m->system->err[SYSTEM_VMSTAT] &&
		     !counters__delta(&m->before->vmstat, &m->system->vmstat, counter, &pages);

	log_kb(b, known,
	       known ? (uint64_t)((double)pages * (double)m->info->page_size * NS_PER_S /
				  (double)m->passed_ns)
		     : 0);
}

static void add_totals(struct strbuf *b, const struct moment *m)
{
	uint64_t total = 0, free_bytes = 0, cached = 0;
	bool known = !moment__meminfo(m, "SwapTotal", &total) &&
		     !moment__meminfo(m, "SwapFree", &free_bytes);

	log_start(b, m, "swap");
	log_kb(b, known, total);
	log_kb(b, known, total - free_bytes);
	known = !moment__meminfo(m, "SwapCached", &cached);
	log_kb(b, known, cached);
	add_rate(b, m, "pswpin");
	add_rate(b, m, "pswpout");
	strbuf_addf(b, "\n");
}

static void add_devices(struct strbuf *b, const struct moment *m)
{
	vec_for_each(d, &m->system->swaps) {
		log_start(b, m, "device");
		log_kb(b, true, d->size);
		log_kb(b, true, d->used);
		strbuf_addf(b, " %6d %s", d->priority, d->is_file ? "file" : "part");
		log_name(b, d->path, sizeof(d->path));
		strbuf_addf(b, "\n");
	}
	vec_for_each(z, &m->system->zrams) {
		log_start(b, m, "zram");
		log_kb(b, true, z->disk_size);
		log_kb(b, true, z->original);
		log_kb(b, true, z->compressed);
		log_kb(b, true, z->used);
		log_kb(b, true, z->limit);
		strbuf_addf(b, " %u\n", z->index);
	}
	if (m->system->err[SYSTEM_ZSWAP])
		return;
	vec_for_each(c, &m->system->zswap) {
		log_start(b, m, "zswap");
		strbuf_addf(b, " %10llu", (unsigned long long)c->value);
		log_name(b, c->name, sizeof(c->name));
		strbuf_addf(b, "\n");
	}
}

static int by_swap(const void *a, const void *b)
{
	const struct proc_sample *x = *(const struct proc_sample *const *)a;
	const struct proc_sample *y = *(const struct proc_sample *const *)b;

	return (x->value[PROC_SWAP] < y->value[PROC_SWAP]) -
	       (x->value[PROC_SWAP] > y->value[PROC_SWAP]);
}

static void add_swapped(struct strbuf *b, const struct moment *m)
{
	VEC(const struct proc_sample *) v = {};

	for (size_t i = 0; i < m->n_procs; i++)
		if (m->procs[i].known & 1u << PROC_SWAP && m->procs[i].value[PROC_SWAP] &&
		    vec_push(&v, &m->procs[i]))
			b->failed = true;
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), by_swap);
	for (size_t i = 0; i < v.n && (!m->top || i < m->top); i++) {
		log_start(b, m, "process");
		strbuf_addf(b, " %10u", v.v[i]->id.pid);
		log_kb(b, true, v.v[i]->value[PROC_SWAP]);
		log_name(b, v.v[i]->comm, COMM_SIZE);
		strbuf_addf(b, "\n");
	}
	vec_free(&v);
}

static void moment(struct strbuf *b, const struct moment *m)
{
	add_totals(b, m);
	if (m->system->err[SYSTEM_SWAPS])
		log_missing(b, m, SYSTEM_SWAPS);
	add_devices(b, m);
	add_swapped(b, m);
}

const struct log_sink swap_log = {.name = "swap", .head = head, .moment = moment};
