/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A quiet machine, for alerts to be raised on. */
#pragma once

#include "analyze/alert.h"

#define GIB (1ull << 30)
#define MIB (1ull << 20)
#define S 1000000000ull

/* A machine that is made up; tests change what they are about. */
struct world {
	struct run_info info;
	struct tick tick;
	struct meminfo_line lines[6];
	struct proc_sample procs[3];
	struct system_sample before, now;
	struct fd_use fds[1];
	struct moment m;
	struct alerts *alerts;
	struct alert_list told;
};

static inline void set_line(struct world *w, int i, const char *name, uint64_t bytes)
{
	snprintf(w->lines[i].name, sizeof(w->lines[i].name), "%s", name);
	w->lines[i].bytes = bytes;
}

static inline void set_proc(struct proc_sample *p, uint32_t pid, const char *comm, uint64_t anon)
{
	p->id = (struct proc_id){pid, 100};
	p->ppid = 1;
	p->state = 'S';
	snprintf(p->comm, sizeof(p->comm), "%s", comm);
	p->known = 1u << PROC_RSS | 1u << PROC_ANON | 1u << PROC_SWAP | 1u << PROC_SHMEM;
	p->value[PROC_RSS] = p->value[PROC_ANON] = anon;
}

static inline int make_world(void **state)
{
	uint64_t thresholds[_ALERT_KIND_MAX];
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	for (int i = 0; i < _ALERT_KIND_MAX; i++)
		thresholds[i] = alert_defs[i].threshold;
	set_line(w, 0, "MemTotal", 16 * GIB);
	set_line(w, 1, "MemAvailable", 12 * GIB);
	set_line(w, 2, "SwapTotal", 4 * GIB);
	set_line(w, 3, "SwapFree", 4 * GIB);
	set_line(w, 4, "Committed_AS", 15 * GIB);
	set_line(w, 5, "CommitLimit", 12 * GIB);
	w->tick.meminfo.v = w->lines;
	w->tick.meminfo.n = 6;
	w->tick.time_ns = 1700000000 * S;
	w->tick.mono_ns = 1000 * S;
	set_proc(&w->procs[0], 1, "init", 10 * MIB);
	set_proc(&w->procs[1], 50, "grower", 100 * MIB);
	set_proc(&w->procs[2], 60, "other", 20 * MIB);
	system_sample__clear(&w->before);
	system_sample__clear(&w->now);
	w->info.page_size = 4096;
	w->m = (struct moment){
		.info = &w->info,
		.tick = &w->tick,
		.procs = w->procs,
		.n_procs = 3,
		.system = &w->now,
		.fds = w->fds,
		.overcommit = 0,
	};
	*state = w;
	return alerts__new(thresholds, &w->alerts);
}

static inline int free_world(void **state)
{
	struct world *w = *state;

	alerts__free(w->alerts);
	vec_free(&w->told);
	system_sample__free(&w->before);
	system_sample__free(&w->now);
	free(w);
	return 0;
}

/* The next moment, 30 s later. */
static inline size_t judge(struct world *w)
{
	assert_int_equal(alerts__judge(w->alerts, &w->m, &w->told), 0);
	w->tick.time_ns += 30 * S;
	w->tick.mono_ns += 30 * S;
	return w->told.n;
}

static inline uint32_t n_active(const struct world *w)
{
	uint32_t in_force[_ALERT_KIND_MAX], sum = 0;

	alerts__in_force(w->alerts, in_force);
	for (int kind = 0; kind < _ALERT_KIND_MAX; kind++)
		sum += in_force[kind];
	return sum;
}

static inline void assert_told(const struct world *w, enum alert_kind kind, enum alert_state state)
{
	assert_int_equal(w->told.n, 1);
	assert_string_equal(alert_kind_names[w->told.v[0].kind], alert_kind_names[kind]);
	assert_string_equal(alert_state_names[w->told.v[0].state], alert_state_names[state]);
}
