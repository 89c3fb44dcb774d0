/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/system.h"

#include <string.h>

const char *const psi_resource_names[] = {
	[PSI_MEMORY] = "memory",
	[PSI_IO] = "io",
	[PSI_CPU] = "cpu",
};

const char *const cgroup_value_names[] = {
	[CGROUP_CURRENT] = "current_bytes",
	[CGROUP_PEAK] = "peak_bytes",
	[CGROUP_MAX] = "max_bytes",
	[CGROUP_HIGH] = "high_bytes",
	[CGROUP_SWAP] = "swap_bytes",
	[CGROUP_SWAP_MAX] = "swap_max_bytes",
	[CGROUP_ANON] = "anon_bytes",
	[CGROUP_FILE] = "file_bytes",
	[CGROUP_SHMEM] = "shmem_bytes",
	[CGROUP_INACTIVE_FILE] = "inactive_file_bytes",
	[CGROUP_FILE_DIRTY] = "file_dirty_bytes",
	[CGROUP_KERNEL] = "kernel_bytes",
	[CGROUP_SLAB_RECLAIMABLE] = "slab_reclaimable_bytes",
	[CGROUP_SLAB_UNRECLAIMABLE] = "slab_unreclaimable_bytes",
	[CGROUP_KERNEL_STACK] = "kernel_stack_bytes",
	[CGROUP_PAGE_TABLE] = "page_table_bytes",
	[CGROUP_SOCK] = "sock_bytes",
	[CGROUP_EVENT_LOW] = "low_events",
	[CGROUP_EVENT_HIGH] = "high_events",
	[CGROUP_EVENT_MAX] = "max_events",
	[CGROUP_EVENT_OOM] = "oom_events",
	[CGROUP_EVENT_OOM_KILL] = "oom_kill_events",
};

const char *const container_runtime_names[] = {
	[RUNTIME_NONE] = "",
	[RUNTIME_UNKNOWN] = "container",
	[RUNTIME_DOCKER] = "docker",
	[RUNTIME_PODMAN] = "podman",
	[RUNTIME_CONTAINERD] = "containerd",
	[RUNTIME_CRIO] = "cri-o",
	[RUNTIME_LXC] = "lxc",
	[RUNTIME_NSPAWN] = "nspawn",
	[RUNTIME_LIBVIRT] = "libvirt",
	[RUNTIME_SERVICE] = "service",
};

const char *const cgroup_mode_names[] = {
	[CGROUP_MODE_NONE] = "none",
	[CGROUP_MODE_V2] = "v2",
	[CGROUP_MODE_V1] = "v1",
	[CGROUP_MODE_HYBRID] = "hybrid",
};

const char *const system_part_names[] = {
	[SYSTEM_PSI] = "psi",
	[SYSTEM_VMSTAT] = "vmstat",
	[SYSTEM_SWAPS] = "swaps",
	[SYSTEM_ZRAM] = "zram",
	[SYSTEM_ZSWAP] = "zswap",
	[SYSTEM_BUDDYINFO] = "buddyinfo",
	[SYSTEM_PAGETYPE] = "pagetypeinfo",
	[SYSTEM_SLABINFO] = "slabinfo",
	[SYSTEM_FILES] = "file-nr",
	[SYSTEM_CGROUPS] = "cgroups",
};

int counters__find(const struct counters *c, const char *name, uint64_t *ret)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->v[i].name, name)) {
			*ret = c->v[i].value;
			return 0;
		}
	return -ENOENT;
}

int counters__delta(const struct counters *before, const struct counters *now, const char *name,
		    uint64_t *ret)
{
	uint64_t old, new;

	if (counters__find(before, name, &old) || counters__find(now, name, &new))
		return -ENOENT;
	if (new < old)
		return -ERANGE;
	*ret = new - old;
	return 0;
}

void cgroup_list__clear(struct cgroup_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].path);
	l->n = 0;
	l->n_skipped = 0;
	l->mode = CGROUP_MODE_NONE;
}

void cgroup_list__free(struct cgroup_list *l)
{
	cgroup_list__clear(l);
	vec_free(l);
}

void system_sample__clear(struct system_sample *s)
{
	for (int i = 0; i < _SYSTEM_PART_MAX; i++)
		s->err[i] = -ENODATA;
	memset(s->psi, 0, sizeof(s->psi));
	s->vmstat.n = s->swaps.n = s->zrams.n = s->zswap.n = 0;
	s->zones.n = s->page_types.n = s->slabs.n = 0;
	s->files = (struct file_table){0};
	cgroup_list__clear(&s->cgroups);
}

void system_sample__free(struct system_sample *s)
{
	system_sample__clear(s);
	vec_free(&s->vmstat);
	vec_free(&s->swaps);
	vec_free(&s->zrams);
	vec_free(&s->zswap);
	vec_free(&s->zones);
	vec_free(&s->page_types);
	vec_free(&s->slabs);
	cgroup_list__free(&s->cgroups);
}
