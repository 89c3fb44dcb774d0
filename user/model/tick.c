/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/tick.h"

#include <stdio.h>
#include <string.h>

/* Declared with their sizes in the header and defined without: a table that
 * lost its last entry does not compile. */
const char *const proc_value_names[] = {
	[PROC_RSS] = "rss_bytes",   [PROC_ANON] = "anon_bytes",
	[PROC_FILE] = "file_bytes", [PROC_SHMEM] = "shmem_bytes",
	[PROC_SWAP] = "swap_bytes", [PROC_VSZ] = "vsz_bytes",
	[PROC_HEAP] = "heap_bytes", [PROC_PAGE_TABLE] = "page_table_bytes",
	[PROC_FDS] = "fds",	    [PROC_THREADS] = "threads",
};

const char *const page_class_names[] = {
	[PAGES_USER] = "user",
	[PAGES_FILE] = "file",
	[PAGES_KERNEL] = "kernel",
};

const char *const owner_kind_names[] = {
	[OWNER_PROCESS] = "process",
	[OWNER_KTHREAD] = "kthread",
	[OWNER_ASYNC] = "async",
	[OWNER_OVERFLOW] = "overflow",
	[OWNER_EXITED_GROUP] = "exited_group",
};

const char *const event_kind_names[] = {
	[EVENT_TARGET_STARTED] = "target_started",
	[EVENT_TARGET_EXITED] = "target_exited",
	[EVENT_TARGET_EXEC] = "target_exec",
	[EVENT_PID_REUSED] = "pid_reused",
	[EVENT_NOTE] = "note",
};

int tick__note(struct tick *t, uint64_t time_ns, const char *text)
{
	struct event e = {.time_ns = time_ns, .kind = EVENT_NOTE};

	snprintf(e.text, sizeof(e.text), "%s", text);
	return vec_push(&t->events, e);
}

void tick__clear(struct tick *t)
{
	vec_for_each(p, &t->procs)
		free(p->cgroup);
	vec_for_each(c, &t->cgroups)
		free(c->path);
	vec_for_each(m, &t->modules)
		code_module__clear(m);
	vec_for_each(s, &t->symbols)
		code_symbol__clear(s);
	vec_for_each(c, &t->path_cgroups)
		free(c->cgroup);
	t->path_cgroups.n = 0;
	t->modules.n = t->nodes.n = t->symbols.n = t->paths.n = t->ages.n = 0;
	t->sampling.n = 0;
	t->meminfo.n = t->procs.n = t->owners.n = t->smaps.n = 0;
	t->ownership.n = t->mapped.n = t->slabs.n = t->cgroups.n = 0;
	t->machine.n = t->hidden.n = 0;
	t->events.n = t->facts.n = t->alerts.n = t->limits.n = 0;
	analysis__clear(&t->analysis);

	t->seq = 0;
	t->time_ns = t->mono_ns = 0;
	t->self = (struct self_sample){0};
	t->n_procs = 0;
}

void tick__free(struct tick *t)
{
	tick__clear(t);
	vec_free(&t->meminfo);
	vec_free(&t->machine);
	vec_free(&t->hidden);
	vec_free(&t->procs);
	vec_free(&t->owners);
	vec_free(&t->smaps);
	vec_free(&t->ownership);
	vec_free(&t->mapped);
	vec_free(&t->slabs);
	vec_free(&t->cgroups);
	vec_free(&t->events);
	vec_free(&t->alerts);
	analysis__free(&t->analysis);
	vec_free(&t->facts);
	vec_free(&t->modules);
	vec_free(&t->nodes);
	vec_free(&t->symbols);
	vec_free(&t->paths);
	vec_free(&t->path_cgroups);
	vec_free(&t->ages);
	vec_free(&t->sampling);
	limits__free(&t->limits);
}

int meminfo_find(const struct meminfo_line *v, size_t n, const char *name, uint64_t *ret)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].name, name)) {
			*ret = v[i].bytes;
			return 0;
		}
	return -ENOENT;
}

int meminfo_used(const struct meminfo_line *v, size_t n, uint64_t *ret_used, uint64_t *ret_total)
{
	uint64_t total, available, buffers, cached;

	if (meminfo_find(v, n, "MemTotal", &total))
		return -ENOENT;
	if (meminfo_find(v, n, "MemAvailable", &available)) {
		if (meminfo_find(v, n, "MemFree", &available) ||
		    meminfo_find(v, n, "Buffers", &buffers) ||
		    meminfo_find(v, n, "Cached", &cached))
			return -ENOENT;
		available += buffers + cached;
	}
	*ret_used = available < total ? total - available : 0;
	*ret_total = total;
	return 0;
}
