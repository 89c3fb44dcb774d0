/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A target set and the list of processes it sees, for tests of cli/target.c. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "cli/target.h"

#define ALL (PROC_TARGET | PROC_FOLLOWED)
#define MAX_PROCS 64

/* Rows name what matters to them; the rest is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* One process as a tick sees it; literal in the tests. */
struct row {
	uint32_t pid, ppid;
	uint64_t start;
	const char *comm;
	char state; /* 0: sleeping */
	uint32_t flags;
	uint64_t threads; /* 0: not known */
};

struct world {
	struct target_set *set;
	struct proc_sample rows[MAX_PROCS];
	struct task_list list;
	struct tick tick;
};

static inline void world_start(struct world *w, const struct target_spec *spec)
{
	memset(w, 0, sizeof(*w));
	assert_int_equal(target_set__new(spec, &w->set), 0);
	w->list.v = w->rows;
}

static inline void world_end(struct world *w)
{
	target_set__free(w->set);
	tick__free(&w->tick);
}

/* One update with these processes (ended by pid 0), after which w->tick holds its events alone. */
static inline void see(struct world *w, const struct row *rows)
{
	w->list.n = 0;
	for (; rows->pid; rows++) {
		struct proc_sample *p = &w->rows[w->list.n++];

		assert_true(w->list.n <= MAX_PROCS);
		memset(p, 0, sizeof(*p));
		p->id = (struct proc_id){rows->pid, rows->start ? rows->start : rows->pid};
		p->ppid = rows->ppid;
		p->state = rows->state ? rows->state : 'S';
		p->flags = rows->flags;
		if (rows->threads) {
			p->known = 1u << PROC_THREADS;
			p->value[PROC_THREADS] = rows->threads;
		}
		snprintf(p->comm, sizeof(p->comm), "%s", rows->comm ? rows->comm : "x");
	}
	w->tick.events.n = 0;
	w->tick.time_ns++;
	assert_int_equal(target_set__update(w->set, &w->list, &w->tick), 0);
	for (size_t i = 0; i < w->tick.events.n; i++)
		assert_int_equal(w->tick.events.v[i].time_ns, w->tick.time_ns);
}

#define SEE(w, ...) see(w, (const struct row[]){__VA_ARGS__, {0}})
#define SEE_NOBODY(w) see(w, (const struct row[]){{0}})

static inline uint32_t flags_of(const struct world *w, uint32_t pid)
{
	for (size_t i = 0; i < w->list.n; i++)
		if (w->rows[i].id.pid == pid)
			return w->rows[i].flags & ALL;
	fail_msg("pid %u is not in the list", pid);
	return 0;
}

static inline size_t n_events(const struct world *w, enum event_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < w->tick.events.n; i++)
		n += w->tick.events.v[i].kind == kind;
	return n;
}

/* That there is this event and no other. */
static inline void assert_event(const struct world *w, enum event_kind kind, uint32_t pid,
				const char *text)
{
	assert_int_equal(w->tick.events.n, 1);
	assert_int_equal(w->tick.events.v[0].kind, kind);
	assert_int_equal(w->tick.events.v[0].id.pid, pid);
	if (!strstr(w->tick.events.v[0].text, text))
		fail_msg("'%s' lacks '%s'", w->tick.events.v[0].text, text);
}

static const uint32_t pid_100[] = {100};
static const struct target_spec spec_100 = {.pids = pid_100, .n_pids = 1};
