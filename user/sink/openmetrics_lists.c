/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics of what there are many of: the largest by name, and the rest in one
 * sample, so that a sum over them is right and the number of series bounded.
 */
#include <string.h>

#include "sink/openmetrics.h"

static void push(struct metric_writer *w, struct metric_ranks *l, int64_t value, const void *item)
{
	if (vec_push(l, (struct metric_rank){value, value, item}))
		w->failed = true;
}

/* --- slab ----------------------------------------------------------------------------------- */

static void label_cache(struct metric_writer *w, const void *item)
{
	const struct slab_cache *c = item;

	if (c)
		metric_label(w, "cache", c->name, sizeof(c->name));
	else
		metric_word(w, "cache", "other");
}

void metrics_slab(struct metric_writer *w, const struct moment *m)
{
	static const struct metric size = {"memtrace_slab_cache_bytes", "gauge",
					   "Memory of a slab cache, free objects included."};
	static const struct metric growth = {"memtrace_slab_cache_growth_bytes", "gauge",
					     "What it grew by since the run began."};
	bool has_first = m->first && !m->first->err[SYSTEM_SLABINFO];
	struct metric_ranks ranks = {};

	if (m->system->err[SYSTEM_SLABINFO])
		return;
	vec_for_each(c, &m->system->slabs)
		push(w, &ranks, (int64_t)slab_cache_bytes(c, m->info->page_size), c);
	metric_ranked(w, &size, &ranks, metrics_top(m), label_cache);
	for (size_t i = 0; has_first && i < m->system->slabs.n; i++) {
		const struct slab_cache *c = &m->system->slabs.v[i];

		push(w, &ranks, slab_cache_growth(m->first, m->system, i, m->info->page_size), c);
	}
	metric_ranked(w, &growth, &ranks, metrics_top(m), label_cache);
	vec_free(&ranks);
}

/* --- processes ------------------------------------------------------------------------------ */

static void label_process(struct metric_writer *w, const void *item)
{
	const struct proc_sample *p = item;

	if (p) {
		metric_number(w, "pid", p->id.pid);
		metric_label(w, "comm", p->comm, sizeof(p->comm));
	} else {
		metric_word(w, "pid", "");
		metric_word(w, "comm", "other");
	}
}

static void add_value(struct metric_writer *w, const struct moment *m, const struct metric *metric,
		      enum proc_value value)
{
	struct metric_ranks ranks = {};

	for (size_t i = 0; i < m->n_procs; i++)
		if (m->procs[i].known & 1u << value)
			push(w, &ranks, (int64_t)m->procs[i].value[value], &m->procs[i]);
	metric_ranked(w, metric, &ranks, metrics_top(m), label_process);
	vec_free(&ranks);
}

static void add_growth(struct metric_writer *w, const struct moment *m)
{
	static const struct metric growth = {
		"memtrace_process_growth_bytes", "gauge",
		"What its own memory (anon, swap, shared memory) grew by since it was first seen."};
	struct metric_ranks ranks = {};

	for (size_t i = 0; m->history && i < m->n_procs; i++) {
		const struct proc_sample *p = &m->procs[i];
		const struct proc_history *h = history__find_proc(m->history, p->id);
		uint64_t first, now;

		if (h && !proc_growing_bytes(&h->first, &first) && !proc_growing_bytes(p, &now))
			push(w, &ranks, (int64_t)(now - first), p);
	}
	metric_ranked(w, &growth, &ranks, metrics_top(m), label_process);
	vec_free(&ranks);
}

void metrics_processes(struct metric_writer *w, const struct moment *m)
{
	static const struct metric number = {"memtrace_processes", "gauge", "Processes."};
	static const struct metric zombies = {"memtrace_zombies", "gauge",
					      "Processes that ended and that nobody reaps."};
	static const struct {
		struct metric metric;
		enum proc_value value;
	} values[] = {
		{{"memtrace_process_resident_bytes", "gauge", "Resident memory, shared included."},
		 PROC_RSS},
		{{"memtrace_process_anon_bytes", "gauge", "Anonymous resident memory."}, PROC_ANON},
		{{"memtrace_process_swap_bytes", "gauge", "Anonymous memory in swap."}, PROC_SWAP},
		{{"memtrace_process_open_files", "gauge", "Open file descriptors."}, PROC_FDS},
	};
	uint64_t n_zombies = 0;

	if (!m->n_procs)
		return;
	for (size_t i = 0; i < m->n_procs; i++)
		n_zombies += m->procs[i].state == 'Z';
	metric_single(w, &number, m->n_procs);
	metric_single(w, &zombies, n_zombies);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		add_value(w, m, &values[i].metric, values[i].value);
	add_growth(w, m);
}

/* --- owners of pages ------------------------------------------------------------------------ */

void metrics_owners(struct metric_writer *w, const struct moment *m)
{
	static const struct metric held = {
		"memtrace_pages_held_bytes", "gauge",
		"Pages taken since the run began and still in use, by who took them: "
		"processes, those that have exited, kernel threads, interrupts."};
	static const struct metric taken = {"memtrace_pages_taken_bytes_total", "counter",
					    "Pages taken since the run began, freed or not."};
	enum { EXITED = _OWNER_KIND_MAX, N };
	int64_t sum[N][_PAGE_CLASS_MAX] = {};

	if (!m->info->bpf || !m->n_owners)
		return;
	for (size_t i = 0; i < m->n_owners; i++) {
		const struct owner_sample *o = &m->owners[i];
		bool exited = o->dead || o->kind == OWNER_EXITED_GROUP;

		for (int c = 0; c < _PAGE_CLASS_MAX; c++)
			sum[exited ? EXITED : (int)o->kind][c] += o->live[c];
	}
	metric_family(w, &held);
	for (int kind = 0; kind < N; kind++) {
		if (kind == OWNER_EXITED_GROUP)
			continue;
		for (int c = 0; c < _PAGE_CLASS_MAX; c++) {
			metric_word(w, "owner", kind == EXITED ? "exited" : owner_kind_names[kind]);
			metric_word(w, "class", page_class_names[c]);
			metric_i64(w, &held, sum[kind][c] > 0 ? sum[kind][c] : 0);
		}
	}
	metric_family(w, &taken);
	for (int c = 0; c < _PAGE_CLASS_MAX; c++) {
		metric_word(w, "class", page_class_names[c]);
		metric_u64(w, &taken, m->taken[c]);
	}
}

/* --- containers and services ---------------------------------------------------------------- */

static void label_container(struct metric_writer *w, const void *item)
{
	const struct cgroup_sample *s = item;

	if (!s) {
		metric_word(w, "runtime", "");
		metric_word(w, "name", "other");
		return;
	}
	metric_word(w, "runtime", container_runtime_names[s->container.runtime]);
	metric_label(w, "name", s->container.name, sizeof(s->container.name));
	if (!s->container.pod[0])
		return;
	metric_label(w, "namespace", s->container.namespace, sizeof(s->container.namespace));
	metric_label(w, "pod", s->container.pod, sizeof(s->container.pod));
}

static bool is_container(const struct cgroup_sample *s)
{
	return s->container.runtime != RUNTIME_NONE && !s->container.inner;
}

static int container_value(const struct cgroup_sample *s, int value, uint64_t *ret)
{
	if (value == _CGROUP_VALUE_MAX)
		return cgroup_working_set(s, ret);
	if (!(s->known & 1u << value))
		return -ENOENT;
	*ret = s->value[value];
	return 0;
}

static void add_containers(struct metric_writer *w, const struct moment *m,
			   const struct metric *metric, int value)
{
	struct metric_ranks ranks = {};
	uint64_t n;

	vec_for_each(s, &m->system->cgroups)
		if (is_container(s) && !container_value(s, value, &n))
			push(w, &ranks, (int64_t)n, s);
	metric_ranked(w, metric, &ranks, metrics_top(m), label_container);
	vec_free(&ranks);
}

/* Of those with most memory; and how near they are, of those that are nearest. Neither has a sum.
 */
static void add_container_limits(struct metric_writer *w, const struct moment *m)
{
	static const struct metric limit = {
		"memtrace_container_limit_bytes", "gauge",
		"Its limit, or a tighter one of a cgroup above it; absent: none."};
	static const struct metric ratio = {"memtrace_container_limit_used_ratio", "gauge",
					    "Working set of the limit, of those with most."};
	static const struct metric pressure = {
		"memtrace_container_pressure_ratio", "gauge",
		"Share of the last minute that some task in it waited for memory."};
	struct metric_ranks limits = {.no_rest = true};
	struct metric_ranks waits = {.no_rest = true, .unit = 1e-4};
	struct metric_ranks ratios = {.no_rest = true, .unit = 1e-6};
	const uint32_t needed = 1u << CGROUP_CURRENT | 1u << CGROUP_EFFECTIVE_MAX;

	vec_for_each(s, &m->system->cgroups) {
		uint64_t max = s->value[CGROUP_EFFECTIVE_MAX], used = s->value[CGROUP_CURRENT];

		if (!is_container(s))
			continue;
		if (s->memory_psi.some.known)
			push(w, &waits, s->memory_psi.some.avg60, s);
		if ((s->known & needed) != needed || !max)
			continue;
		if (vec_push(&limits, (struct metric_rank){(int64_t)used, (int64_t)max, s}))
			w->failed = true;
		cgroup_working_set(s, &used);
		push(w, &ratios, (int64_t)((double)used * 1e6 / (double)max), s);
	}
	metric_ranked(w, &limit, &limits, metrics_top(m), label_container);
	metric_ranked(w, &ratio, &ratios, metrics_top(m), label_container);
	metric_ranked(w, &pressure, &waits, metrics_top(m), label_container);
	vec_free(&limits);
	vec_free(&ratios);
	vec_free(&waits);
}

void metrics_containers(struct metric_writer *w, const struct moment *m)
{
	static const struct metric number = {"memtrace_containers", "gauge",
					     "Containers and services that are listed."};
	static const struct {
		struct metric metric;
		int value; /* enum cgroup_value; _CGROUP_VALUE_MAX: the working set */
	} values[] = {
		{{"memtrace_container_memory_bytes", "gauge",
		  "Memory of a container or systemd service, page cache included."},
		 CGROUP_CURRENT},
		{{"memtrace_container_working_set_bytes", "gauge",
		  "The same without inactive page cache, which the kernel takes back first."},
		 _CGROUP_VALUE_MAX},
		{{"memtrace_container_anon_bytes", "gauge", "Its anonymous memory."}, CGROUP_ANON},
		{{"memtrace_container_swap_bytes", "gauge", "Its swap."}, CGROUP_SWAP},
		{{"memtrace_container_oom_kills", "gauge",
		  "OOM kills in it since it began; a gauge, as the rest may lose members."},
		 CGROUP_EVENT_OOM_KILL},
		{{"memtrace_container_limit_hits", "gauge",
		  "Times that its limit was reached since it began."},
		 CGROUP_EVENT_MAX},
	};
	uint64_t n = 0;

	if (m->system->err[SYSTEM_CGROUPS])
		return;
	vec_for_each(s, &m->system->cgroups)
		n += is_container(s);
	metric_single(w, &number, n);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		add_containers(w, m, &values[i].metric, values[i].value);
	add_container_limits(w, m);
}
