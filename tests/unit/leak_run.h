/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An hour of a machine on which one thing of each kind leaks and others only seem to. */
#pragma once

#include "sample_report.h"

#define LEAK_TICKS 121
#define LEAK_INTERVAL_S 30
#define LEAK_RATE (6 * MIB) /* an hour, of what leaks */

enum leak_pid {
	PID_LEAKS = 100,   /* anonymous memory, in a container with a limit */
	PID_CACHE = 200,   /* grew in the first ten minutes */
	PID_FDS = 300,	   /* opens and never closes */
	PID_SWAPPED = 400, /* reclaim moves it to swap: it does not change */
	PID_FILES = 500,   /* maps more and more of a file */
	PID_IDLE = 600,	   /* never changes */
	PID_WALK = 700,	   /* goes up and down */
};

/* What the cgroup that leaks belongs to. */
static enum container_runtime leak_runtime = RUNTIME_SERVICE;

static inline struct proc_sample leak_proc(uint32_t pid, const char *comm, uint64_t anon)
{
	struct proc_sample p = story_proc(pid, comm, anon, 0);

	p.known |= 1U << PROC_FDS;
	p.value[PROC_FDS] = 12;
	p.value[PROC_VSZ] = 900 * MIB;
	p.value[PROC_HEAP] = 1 * MIB;
	return p;
}

/* Deterministic noise, whole pages below `pages`. */
static inline uint64_t wobble(uint64_t seq, uint64_t salt, uint64_t pages)
{
	uint64_t x = (seq * 0x9e3779b97f4a7c15ULL) ^ (salt * 0xbf58476d1ce4e5b9ULL);

	x ^= x >> 31;
	x *= 0x94d049bb133111ebULL;
	return (x >> 40) % pages * 4096;
}

static inline uint64_t leaked(uint64_t seq)
{
	return LEAK_RATE * (seq * LEAK_INTERVAL_S) / 3600 / 4096 * 4096;
}

static inline void leak_procs(struct tick *t, uint64_t seq, uint32_t flags)
{
	uint64_t cache = seq < 20 ? seq * 2 * MIB : 40 * MIB;
	struct proc_sample p[7] = {
		leak_proc(PID_LEAKS, "web", 50 * MIB + leaked(seq) + wobble(seq, 1, 8)),
		leak_proc(PID_CACHE, "cache", 20 * MIB + cache + wobble(seq, 2, 8)),
		leak_proc(PID_FDS, "opener", 5 * MIB),
		leak_proc(PID_SWAPPED, "sleeper", 300 * MIB - leaked(seq)),
		leak_proc(PID_FILES, "mapper", 5 * MIB),
		leak_proc(PID_IDLE, "idle", 5 * MIB),
		leak_proc(PID_WALK, "walker", 60 * MIB + wobble(seq, 3, 2048)),
	};
	static const bool changes[] = {true, true, true, true, true, false, true};

	p[0].flags = flags;
	p[0].cgroup = strdup("/system.slice/web.service/app");
	p[0].value[PROC_HEAP] += leaked(seq);
	p[2].value[PROC_FDS] += 2 * seq;
	p[3].value[PROC_SWAP] = leaked(seq);
	p[4].value[PROC_FILE] += leaked(seq);
	for (size_t i = 0; i < N_OF(p); i++) {
		p[i].value[PROC_RSS] = p[i].value[PROC_ANON] + p[i].value[PROC_FILE];
		if ((changes[i] || !seq) && vec_push(&t->procs, p[i]))
			abort();
	}
}

/* Whether it has a group of its own, that all of its memory is in. */
static bool leak_has_inner;

static inline void leak_system(struct tick *t, uint64_t seq)
{
	struct slab_sample slabs[3];
	struct cgroup_row c;
	int err = 0;

	memset(slabs, 0, sizeof(slabs));
	memset(&c, 0, sizeof(c));
	put(slabs[0].name, sizeof(slabs[0].name), "dentry");
	slabs[0].reclaim_known = slabs[0].is_reclaimable = true;
	slabs[0].bytes = 30 * MIB + leaked(seq);
	put(slabs[1].name, sizeof(slabs[1].name), "sock_inode_cache");
	slabs[1].reclaim_known = true;
	slabs[1].bytes = 10 * MIB + leaked(seq);
	put(slabs[2].name, sizeof(slabs[2].name), "kmalloc-64");
	slabs[2].bytes = 8 * MIB;
	for (size_t i = 0; i < (seq ? 2 : 3); i++)
		err |= vec_push(&t->slabs, slabs[i]);
	c.path = strdup("/system.slice/web.service");
	c.runtime = leak_runtime;
	put(c.name, sizeof(c.name), "web.service");
	c.known = 1U << CGROUP_CURRENT | 1U << CGROUP_FILE | 1U << CGROUP_SHMEM | 1U << CGROUP_MAX |
		  1U << CGROUP_EVENT_MAX;
	c.value[CGROUP_CURRENT] = 80 * MIB + leaked(seq) + wobble(seq, 4, 5000);
	c.value[CGROUP_FILE] = 20 * MIB + wobble(seq, 4, 5000);
	c.value[CGROUP_MAX] = 128 * MIB;
	c.value[CGROUP_EVENT_MAX] = seq / 10;
	err |= vec_push(&t->cgroups, c);
	if (leak_has_inner) {
		c.path = strdup("/system.slice/web.service/init");
		c.runtime = RUNTIME_NONE;
		c.name[0] = '\0';
		err |= vec_push(&t->cgroups, c);
	}
	if (err)
		abort();
}

/* Tick `seq` of the run; flags: of the process that leaks. */
static inline void leak_tick(struct tick *t, uint64_t seq, uint32_t flags)
{
	begin_tick(t, seq, seq * LEAK_INTERVAL_S);
	story_meminfo(t, leaked(seq));
	leak_procs(t, seq, flags);
	leak_system(t, seq);
}

static inline struct run_info leak_info(const char *mode)
{
	struct run_info info = story_info();

	put(info.mode, sizeof(info.mode), mode);
	return info;
}

static inline struct report *leak_report(const char *mode, uint32_t flags, uint64_t n_ticks)
{
	struct run_info info = leak_info(mode);
	struct history *h = NULL;
	struct follow *f = NULL;
	struct report *r = NULL;

	if (history__new(&info, &h) || follow__new(&f))
		abort();
	for (uint64_t seq = 0; seq < n_ticks; seq++) {
		struct tick t = {0};

		leak_tick(&t, seq, flags);
		if (history__add(h, &t) || follow__tick(f, &t))
			abort();
		tick__free(&t);
	}
	if (report__build(h, &(struct report_options){.min_bytes = 65536, .follow = f}, &r))
		abort();
	history__free(h);
	follow__free(f);
	return r;
}

static inline struct report *watched_leak_report(void)
{
	return leak_report("pid", PROC_TARGET, LEAK_TICKS);
}
