/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The largest processes, the zombies, and what exited processes left behind. */
#include <stdlib.h>

#include "sink/log_part.h"

static void head(struct strbuf *b, const struct run_info *info)
{
	log_head(b, info, "processes");
	strbuf_addf(b, "# HELD: pages taken since the start and still in use, of all kinds%s\n",
		    info->bpf ? "" : " (not known in this run: no page attribution)");
	strbuf_addf(b, "# TIME                   process       PID    PPID ST        RSS       ANON"
		       "      SHMEM       SWAP        VSZ   FDS   THR       HELD COMM\n"
		       "# TIME                   zombie        PID    PPID COMM\n"
		       "# TIME                   left          PID       HELD COMM\n"
		       "# TIME                   total   PROCESSES ZOMBIES\n");
}

static int by_rss(const void *a, const void *b)
{
	const struct proc_sample *x = *(const struct proc_sample *const *)a;
	const struct proc_sample *y = *(const struct proc_sample *const *)b;

	return (x->value[PROC_RSS] < y->value[PROC_RSS]) -
	       (x->value[PROC_RSS] > y->value[PROC_RSS]);
}

static int by_held(const void *a, const void *b)
{
	const struct owner_sample *x = *(const struct owner_sample *const *)a;
	const struct owner_sample *y = *(const struct owner_sample *const *)b;
	int64_t p = x->live[PAGES_USER] + x->live[PAGES_FILE] + x->live[PAGES_KERNEL];
	int64_t q = y->live[PAGES_USER] + y->live[PAGES_FILE] + y->live[PAGES_KERNEL];

	return (p < q) - (p > q);
}

static uint64_t held(const struct owner_sample *o)
{
	int64_t sum = o->live[PAGES_USER] + o->live[PAGES_FILE] + o->live[PAGES_KERNEL];

	return sum > 0 ? (uint64_t)sum : 0;
}

static const struct owner_sample *find_owner(const struct moment *m, struct proc_id id)
{
	for (size_t i = 0; i < m->n_owners; i++)
		if (proc_id_equal(m->owners[i].id, id))
			return &m->owners[i];
	return NULL;
}

static void add_value(struct strbuf *b, const struct proc_sample *p, enum proc_value v)
{
	log_kb(b, p->known & 1u << v, p->value[v]);
}

static void add_process(struct strbuf *b, const struct moment *m, const struct proc_sample *p)
{
	const struct owner_sample *o = find_owner(m, p->id);

	log_start(b, m, "process");
	strbuf_addf(b, " %7u %7u  %c", p->id.pid, p->ppid, p->state ?: '?');
	add_value(b, p, PROC_RSS);
	add_value(b, p, PROC_ANON);
	add_value(b, p, PROC_SHMEM);
	add_value(b, p, PROC_SWAP);
	add_value(b, p, PROC_VSZ);
	log_count(b, 5, p->known & 1u << PROC_FDS, p->value[PROC_FDS]);
	log_count(b, 5, p->known & 1u << PROC_THREADS, p->value[PROC_THREADS]);
	/* Attribution that ran and knows no pages of it: it took none. */
	log_kb(b, m->info->bpf && m->n_owners, o ? held(o) : 0);
	log_name(b, p->comm, COMM_SIZE);
	strbuf_addf(b, "\n");
}

static void add_processes(struct strbuf *b, const struct moment *m)
{
	VEC(const struct proc_sample *) v = {};

	for (size_t i = 0; i < m->n_procs; i++)
		if (m->procs[i].known & 1u << PROC_RSS && m->procs[i].value[PROC_RSS] &&
		    vec_push(&v, &m->procs[i]))
			b->failed = true;
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), by_rss);
	for (size_t i = 0; i < v.n && (!m->top || i < m->top); i++)
		add_process(b, m, v.v[i]);
	vec_free(&v);
}

static uint64_t add_zombies(struct strbuf *b, const struct moment *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->n_procs; i++) {
		const struct proc_sample *p = &m->procs[i];

		if (p->state != 'Z')
			continue;
		if (n++ >= m->top && m->top)
			continue;
		log_start(b, m, "zombie");
		strbuf_addf(b, " %7u %7u", p->id.pid, p->ppid);
		log_name(b, p->comm, COMM_SIZE);
		strbuf_addf(b, "\n");
	}
	return n;
}

static void add_left(struct strbuf *b, const struct moment *m)
{
	VEC(const struct owner_sample *) v = {};

	for (size_t i = 0; i < m->n_owners; i++)
		if (m->owners[i].dead && held(&m->owners[i]) && vec_push(&v, &m->owners[i]))
			b->failed = true;
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), by_held);
	for (size_t i = 0; i < v.n && (!m->top || i < m->top); i++) {
		log_start(b, m, "left");
		/* Of several that were folded into one line there is no PID. */
		log_count(b, 7, v.v[i]->id.pid, v.v[i]->id.pid);
		log_kb(b, true, held(v.v[i]));
		log_name(b, v.v[i]->comm, COMM_SIZE);
		strbuf_addf(b, "\n");
	}
	vec_free(&v);
}

static void moment(struct strbuf *b, const struct moment *m)
{
	uint64_t zombies;

	add_processes(b, m);
	zombies = add_zombies(b, m);
	add_left(b, m);
	log_start(b, m, "total");
	log_count(b, 9, m->n_procs, m->n_procs);
	log_count(b, 7, m->n_procs, zombies);
	strbuf_addf(b, "\n");
}

const struct log_sink processes_log = {.name = "processes", .head = head, .moment = moment};
