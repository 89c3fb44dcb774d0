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
	[CGROUP_EFFECTIVE_MAX] = "effective_max_bytes",
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

static bool is_below(const char *path, const char *above)
{
	size_t len = strlen(above);

	if (len == 1) /* the root */
		return true;
	return !strncmp(path, above, len) && path[len] == '/';
}

/* Parents come before children: the parent is the last one above, or above that one. */
static size_t find_parent(const struct cgroup_list *l, size_t at, const size_t *parent)
{
	size_t i = at - 1;

	while (i && !is_below(l->v[at].path, l->v[i].path))
		i = parent[i];
	return i;
}

int cgroup_list__set_limits(struct cgroup_list *l)
{
	size_t *parent = l->n ? calloc(l->n, sizeof(*parent)) : NULL;

	if (!parent)
		return l->n ? -ENOMEM : 0;
	for (size_t i = 0; i < l->n; i++) {
		struct cgroup_sample *c = &l->v[i], *above;
		const uint32_t own = 1u << CGROUP_MAX, effective = 1u << CGROUP_EFFECTIVE_MAX;

		c->known &= ~effective;
		if (c->known & own) {
			c->value[CGROUP_EFFECTIVE_MAX] = c->value[CGROUP_MAX];
			c->known |= effective;
			c->limiter = i;
		}
		if (!i)
			continue;
		parent[i] = find_parent(l, i, parent);
		above = &l->v[parent[i]];
		if (!(above->known & effective) ||
		    (c->known & effective &&
		     c->value[CGROUP_EFFECTIVE_MAX] <= above->value[CGROUP_EFFECTIVE_MAX]))
			continue;
		c->value[CGROUP_EFFECTIVE_MAX] = above->value[CGROUP_EFFECTIVE_MAX];
		c->known |= effective;
		c->limiter = above->limiter;
	}
	free(parent);
	return 0;
}

int cgroup_working_set(const struct cgroup_sample *c, uint64_t *ret)
{
	const uint32_t needed = 1u << CGROUP_CURRENT | 1u << CGROUP_INACTIVE_FILE;
	uint64_t current = c->value[CGROUP_CURRENT], inactive = c->value[CGROUP_INACTIVE_FILE];

	if ((c->known & needed) != needed)
		return -ENOENT;
	*ret = current > inactive ? current - inactive : 0;
	return 0;
}

uint64_t slab_cache_bytes(const struct slab_cache *c, uint64_t page_size)
{
	return c->slabs * c->pages_per_slab * page_size;
}

/* Caches stay in the file's order: the one at the same place is almost always it. */
const struct slab_cache *slab_cache_find(const struct system_sample *s, size_t hint,
					 const char *name)
{
	if (hint < s->slabs.n && !strcmp(s->slabs.v[hint].name, name))
		return &s->slabs.v[hint];
	vec_for_each(c, &s->slabs)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

int64_t slab_cache_growth(const struct system_sample *first, const struct system_sample *now,
			  size_t at, uint64_t page_size)
{
	const struct slab_cache *c = &now->slabs.v[at];
	const struct slab_cache *was = slab_cache_find(first, at, c->name);

	return (int64_t)(slab_cache_bytes(c, page_size) -
			 (was ? slab_cache_bytes(was, page_size) : 0));
}

#define COPY(dst, src)                                                                             \
	({                                                                                         \
		int _failed = vec_reserve(dst, (src)->n);                                          \
		if (!_failed && (src)->n)                                                          \
			memcpy((dst)->v, (src)->v, (src)->n * sizeof(*(src)->v));                  \
		(dst)->n = _failed ? 0 : (src)->n;                                                 \
		_failed;                                                                           \
	})

int system_sample__copy_counters(struct system_sample *dst, const struct system_sample *src)
{
	system_sample__clear(dst);
	if (COPY(&dst->slabs, &src->slabs) || COPY(&dst->vmstat, &src->vmstat) ||
	    COPY(&dst->zones, &src->zones))
		return -ENOMEM;
	dst->err[SYSTEM_SLABINFO] = src->err[SYSTEM_SLABINFO];
	dst->err[SYSTEM_VMSTAT] = src->err[SYSTEM_VMSTAT];
	dst->err[SYSTEM_BUDDYINFO] = src->err[SYSTEM_BUDDYINFO];
	return 0;
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
