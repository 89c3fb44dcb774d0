/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run of two ticks, put together row by row, and its report. */
#pragma once

#include "sample_report.h"

struct run {
	struct run_info info;
	struct report_options options;
	struct tick first, last;
	struct report *r;
};

static inline struct run new_run(uint64_t seconds)
{
	struct run run = {.info = sample_info()};

	begin_tick(&run.first, 0, 0);
	begin_tick(&run.last, 1, seconds);
	run.first.self = run.last.self = (struct self_sample){0};
	return run;
}

static inline void build(struct run *run)
{
	struct history *h = NULL;

	assert_int_equal(history__new(&run->info, &h), 0);
	assert_int_equal(history__add(h, &run->first), 0);
	assert_int_equal(history__add(h, &run->last), 0);
	assert_int_equal(report__build(h, &run->options, &run->r), 0);
	history__free(h);
	tick__free(&run->first);
	tick__free(&run->last);
}

/* Anonymous memory only, in MiB. */
static inline struct proc_sample anon(uint32_t pid, uint32_t flags, uint64_t mib)
{
	struct proc_sample p = {.id = {pid, pid}, .flags = flags, .known = 1U << PROC_ANON};

	snprintf(p.comm, sizeof(p.comm), "p%u", pid);
	p.value[PROC_ANON] = mib * MIB;
	return p;
}

static inline void grow(struct run *run, uint32_t pid, uint32_t flags, uint64_t from, uint64_t to)
{
	assert_int_equal(vec_push(&run->first.procs, anon(pid, flags, from)), 0);
	assert_int_equal(vec_push(&run->last.procs, anon(pid, flags, to)), 0);
}

static inline void own(struct run *run, struct owner_sample o)
{
	assert_int_equal(vec_push(&run->last.owners, o), 0);
}

static inline const char *note_with(const struct report *r, const char *text)
{
	vec_for_each(note, &r->head)
		if (strstr(note->text, text))
			return note->text;
	return NULL;
}

static inline void assert_pids(const struct report *r, const uint32_t *pids, size_t n)
{
	assert_int_equal(r->processes.n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(r->processes.v[i].id.pid, pids[i]);
}
