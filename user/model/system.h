/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the machine and its cgroups say of their memory besides meminfo, at one
 * moment. Value structs: filled by collect/, judged by analyze/, printed by
 * sink/. Sizes are bytes and counters running totals since boot unless named
 * otherwise. Names that come from outside (caches, devices, cgroups,
 * containers) are raw: sinks make them safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"

/* --- pressure stall information ------------------------------------------------------------- */

struct psi_line {
	bool known;
	uint32_t avg10, avg60, avg300; /* share of time stalled, in hundredths of a percent */
	uint64_t total_us;	       /* stall time since boot */
};

/* Of the CPU there is no `full` before 5.13. */
struct psi {
	struct psi_line some, full;
};

enum psi_resource {
	PSI_MEMORY,
	PSI_IO,
	PSI_CPU,
	_PSI_RESOURCE_MAX,
};

extern const char *const psi_resource_names[_PSI_RESOURCE_MAX]; /* "memory" "io" "cpu" */

/* --- named counters: /proc/vmstat, zswap's debugfs ------------------------------------------- */

struct counter {
	char name[48];
	uint64_t value;
};

struct counters {
	struct counter *v;
	size_t n, cap;
};

/* 0, or -ENOENT: this kernel does not count it. */
int counters__find(const struct counters *c, const char *name, uint64_t *ret);
/* now - before; 0, or -ENOENT (not in both), -ERANGE (went back: no rate to be told). */
int counters__delta(const struct counters *before, const struct counters *now, const char *name,
		    uint64_t *ret);

/* --- swap --------------------------------------------------------------------------------- */

struct swap_device {
	char path[256];
	bool is_file; /* else a partition or device */
	uint64_t size, used;
	int32_t priority;
};

struct zram_device {
	uint32_t index; /* of zramN */
	uint64_t disk_size;
	uint64_t original, compressed; /* data stored, before and after compression */
	uint64_t used, used_max;       /* memory it takes now and took at most */
	uint64_t limit;		       /* of `used`; 0: none */
	uint64_t same_pages;	       /* count: filled with one value, stored without memory */
	bool has_huge;		       /* 4.18+ */
	uint64_t huge_pages;	       /* count: incompressible */
};

/* --- fragmentation ------------------------------------------------------------------------ */

/* 0 … 10 almost everywhere; up to 13 on arm64 and 15 on others with large pages. */
#define BUDDY_ORDERS_MAX 24

struct buddy_zone {
	uint32_t node;
	char zone[16];			 /* "DMA32", "Normal", "Movable" … */
	uint32_t n_orders;		 /* entries in use below */
	uint64_t free[BUDDY_ORDERS_MAX]; /* blocks of 2^order pages, not bytes */
};

/* Of pagetypeinfo: what a migration type has free in a zone, and how many page blocks it owns. */
struct page_type {
	uint32_t node;
	char zone[16], type[16]; /* "Unmovable" "Movable" "Reclaimable" … */
	uint32_t n_orders;
	uint64_t free[BUDDY_ORDERS_MAX]; /* blocks of 2^order pages */
	uint32_t capped;		 /* bit order: the kernel stopped counting at `free` */
	bool has_blocks;
	uint64_t blocks;
};

/* --- slab --------------------------------------------------------------------------------- */

struct slab_cache {
	char name[64];
	uint64_t active_objects, objects; /* counts */
	uint64_t object_size;
	uint32_t objects_per_slab, pages_per_slab;
	uint64_t slabs; /* count; memory it takes: slabs * pages_per_slab * page size */
};

/* --- files -------------------------------------------------------------------------------- */

struct file_table {
	uint64_t used; /* open file descriptions */
	uint64_t max;  /* fs.file-max; effectively none on 64-bit kernels since 5.x */
};

/* --- cgroups ------------------------------------------------------------------------------ */

enum cgroup_value {
	CGROUP_CURRENT, /* charged now, page cache included */
	CGROUP_PEAK,
	CGROUP_MAX,  /* hard limit; not known when there is none: see unlimited */
	CGROUP_HIGH, /* throttled above it; v1: soft limit */
	CGROUP_SWAP,
	CGROUP_SWAP_MAX,      /* v2: of swap alone; not known on v1, which limits the sum */
	CGROUP_EFFECTIVE_MAX, /* the tightest of MAX here and above; see cgroup_list__set_limits()
			       */
	/* parts of CGROUP_CURRENT */
	CGROUP_ANON,
	CGROUP_FILE,	      /* page cache, shared memory included */
	CGROUP_SHMEM,	      /* tmpfs, memfd, SysV: within file, but only swap takes it away */
	CGROUP_INACTIVE_FILE, /* within file: reclaimed first */
	CGROUP_FILE_DIRTY,
	CGROUP_KERNEL, /* all kernel memory: slab, stacks, page tables, sockets … */
	CGROUP_SLAB_RECLAIMABLE,
	CGROUP_SLAB_UNRECLAIMABLE,
	CGROUP_KERNEL_STACK,
	CGROUP_PAGE_TABLE,
	CGROUP_SOCK,
	/* counts since the cgroup was made, descendants included (v2) */
	CGROUP_EVENT_LOW,
	CGROUP_EVENT_HIGH,
	CGROUP_EVENT_MAX, /* v1: failcnt */
	CGROUP_EVENT_OOM,
	CGROUP_EVENT_OOM_KILL,
	_CGROUP_VALUE_MAX,
};

/* "current_bytes" … "oom_kill_events" */
extern const char *const cgroup_value_names[_CGROUP_VALUE_MAX];

enum container_runtime {
	RUNTIME_NONE,	 /* no container: a slice, a session, the root */
	RUNTIME_UNKNOWN, /* a container by its id; nothing tells whose */
	RUNTIME_DOCKER,
	RUNTIME_PODMAN,
	RUNTIME_CONTAINERD,
	RUNTIME_CRIO,
	RUNTIME_LXC, /* LXC, LXD, Incus, Proxmox */
	RUNTIME_NSPAWN,
	RUNTIME_LIBVIRT, /* a virtual machine */
	RUNTIME_SERVICE, /* a systemd service */
	_CONTAINER_RUNTIME_MAX,
};

/* "" "container" "docker" "podman" "containerd" "cri-o" "lxc" "nspawn" "libvirt" "service" */
extern const char *const container_runtime_names[_CONTAINER_RUNTIME_MAX];

/* Empty strings are not known. */
struct container {
	enum container_runtime runtime;
	char id[65];	    /* as in the cgroup path; hex for most runtimes */
	char name[256];	    /* of the container or service; never empty unless runtime is NONE */
	bool inner;	    /* a part of it, by its own init: the container's cgroup is above */
	bool name_is_id;    /* nothing on disk names it: name is the start of the id */
	char pod[256];	    /* Kubernetes: pod name, or its uid when nothing names it */
	char namespace[64]; /* Kubernetes */
	char image[256];
};

struct cgroup_sample {
	char *path;	    /* below the hierarchy's root: "/system.slice/x.service"; owned */
	uint32_t known;	    /* bit (1 << enum cgroup_value) */
	uint32_t unlimited; /* bits of limits that are known not to be set */
	uint64_t value[_CGROUP_VALUE_MAX];
	size_t limiter;	       /* index in the list of who has EFFECTIVE_MAX, when that is known */
	struct psi memory_psi; /* v2 and hybrid */
	struct container container;
};

enum cgroup_mode {
	CGROUP_MODE_NONE, /* no hierarchy that counts memory is mounted */
	CGROUP_MODE_V2,
	CGROUP_MODE_V1,
	CGROUP_MODE_HYBRID, /* memory by v1, a v2 tree beside it */
	_CGROUP_MODE_MAX,
};

extern const char *const cgroup_mode_names[_CGROUP_MODE_MAX]; /* "none" "v2" "v1" "hybrid" */

struct cgroup_list {
	enum cgroup_mode mode;
	struct cgroup_sample *v; /* parents before children */
	size_t n, cap;
	uint64_t n_skipped; /* beyond the bound on their number, or unreadable */
};

/* Fills EFFECTIVE_MAX and limiter of all; a limit above that is not known is none. 0, -ENOMEM. */
int cgroup_list__set_limits(struct cgroup_list *l);
/* CURRENT without INACTIVE_FILE: page cache fills a container up to its limit and is given back
 * under pressure. 0, or -ENOENT when either is not known. */
int cgroup_working_set(const struct cgroup_sample *c, uint64_t *ret);

void cgroup_list__clear(struct cgroup_list *l); /* keeps the allocation of v */
void cgroup_list__free(struct cgroup_list *l);

/* --- all of it ---------------------------------------------------------------------------- */

/* Parts that are read, or fail to be, each for itself. */
enum system_part {
	SYSTEM_PSI,
	SYSTEM_VMSTAT,
	SYSTEM_SWAPS,
	SYSTEM_ZRAM,
	SYSTEM_ZSWAP,
	SYSTEM_BUDDYINFO,
	SYSTEM_PAGETYPE,
	SYSTEM_SLABINFO,
	SYSTEM_FILES,
	SYSTEM_CGROUPS,
	_SYSTEM_PART_MAX,
};

extern const char *const system_part_names[_SYSTEM_PART_MAX]; /* "psi" "vmstat" "swaps" … */

struct system_sample {
	/* 0: read; else why not, -errno: -ENOENT (this kernel or machine has none), -EACCES … */
	int err[_SYSTEM_PART_MAX];
	struct psi psi[_PSI_RESOURCE_MAX];
	struct counters vmstat;
	VEC(struct swap_device) swaps; /* empty and err 0: no swap configured */
	VEC(struct zram_device) zrams; /* those in use: disk size above 0 */
	struct counters zswap;	       /* debugfs, and "enabled" 0 or 1 from the module */
	VEC(struct buddy_zone) zones;
	VEC(struct page_type) page_types;
	VEC(struct slab_cache) slabs;
	struct file_table files;
	struct cgroup_list cgroups;
};

/* Memory a slab cache takes. */
uint64_t slab_cache_bytes(const struct slab_cache *c, uint64_t page_size);
/* The cache of this name; `hint` is where it probably is. NULL: none. */
const struct slab_cache *slab_cache_find(const struct system_sample *s, size_t hint,
					 const char *name);
/* What now->slabs.v[at] grew by since `first`; all of it when that had no such cache. */
int64_t slab_cache_growth(const struct system_sample *first, const struct system_sample *now,
			  size_t at, uint64_t page_size);

/* Slab caches, vmstat and zones, with the err of these: what growth is told from. dst is cleared
 * first. 0 or -ENOMEM. */
int system_sample__copy_counters(struct system_sample *dst, const struct system_sample *src);

/* All parts become -ENODATA; keeps the allocations. All zero is a struct to be cleared. */
void system_sample__clear(struct system_sample *s);
void system_sample__free(struct system_sample *s);
