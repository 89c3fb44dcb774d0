/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs with a story, as ticks: a service that grows, its helper that dies and
 * leaves files and an heir, a neighbour that grows as well. The leak run is in leak_run.h. */
#pragma once

#include "analyze/follow.h"
#include "analyze/report.h"
#include "model/history.h"
#include "samples.h"

#define MIB (1ULL << 20)

static inline struct run_info story_info(void)
{
	struct run_info info = sample_info();

	put(info.host, sizeof(info.host), "db7");
	put(info.target, sizeof(info.target), "1234");
	return info;
}

static inline struct proc_sample story_proc(uint32_t pid, const char *comm, uint64_t anon,
					    uint64_t shmem)
{
	struct proc_sample p;

	memset(&p, 0, sizeof(p));
	p.id = (struct proc_id){pid, 100 * pid};
	p.ppid = 1;
	p.state = 'S';
	put(p.comm, sizeof(p.comm), comm);
	p.known = ((1U << _PROC_VALUE_MAX) - 1) & ~(1U << PROC_FDS);
	p.value[PROC_ANON] = anon;
	p.value[PROC_FILE] = 8 * MIB;
	p.value[PROC_SHMEM] = shmem;
	p.value[PROC_RSS] = anon + 8 * MIB + shmem;
	p.value[PROC_VSZ] = 2 * anon + 512 * MIB;
	p.value[PROC_HEAP] = anon / 2;
	p.value[PROC_PAGE_TABLE] = anon / 512 + 65536;
	p.value[PROC_THREADS] = 4;
	return p;
}

static inline struct owner_sample story_owner(uint32_t pid, const char *comm, uint64_t user,
					      uint64_t file, uint64_t kernel)
{
	struct owner_sample o;

	memset(&o, 0, sizeof(o));
	o.owner = pid;
	o.id = pid ? (struct proc_id){pid, 100 * pid} : (struct proc_id){0};
	put(o.comm, sizeof(o.comm), comm);
	o.live[PAGES_USER] = (int64_t)user;
	o.live[PAGES_FILE] = (int64_t)file;
	o.live[PAGES_KERNEL] = (int64_t)kernel;
	o.taken[PAGES_USER] = 2 * user;
	o.taken[PAGES_FILE] = file;
	o.taken[PAGES_KERNEL] = kernel + 4096;
	return o;
}

static inline void story_meminfo(struct tick *t, uint64_t grown)
{
	const struct meminfo_line lines[] = {
		{"MemTotal", 16384 * MIB, false},
		{"MemFree", 9000 * MIB - grown, false},
		{"MemAvailable", 12000 * MIB - grown, false},
		{"AnonPages", 2000 * MIB + grown, false},
		{"Slab", 300 * MIB + grown / 64, false},
		{"HugePages_Total", grown, true},
	};

	for (size_t i = 0; i < N_OF(lines); i++)
		if (vec_push(&t->meminfo, lines[i]))
			abort();
}

static inline void begin_tick(struct tick *t, uint64_t seq, uint64_t seconds)
{
	t->seq = seq;
	t->time_ns = SAMPLE_START_NS + seconds * SAMPLE_NS_PER_S;
	t->mono_ns = 86400 * SAMPLE_NS_PER_S + seconds * SAMPLE_NS_PER_S;
	t->n_procs = 312;
	t->self = (struct self_sample){.cpu_ns = seconds * 2000000,
				       .rss_bytes = 9 * MIB,
				       .map_bytes = 16 * MIB,
				       .events = 1000 * seconds};
}

static inline void story_start(struct tick *t)
{
	struct proc_sample p;
	int err = 0;

	begin_tick(t, 0, 0);
	story_meminfo(t, 0);
	p = story_proc(1234, "python3", 12 * MIB, 0);
	p.flags = PROC_TARGET;
	p.cgroup = strdup("/system.slice/shop.service");
	err |= vec_push(&t->procs, p);
	p = story_proc(1300, "helper", 2 * MIB, 0);
	p.flags = PROC_FOLLOWED;
	p.known &= ~(1U << PROC_SWAP);
	err |= vec_push(&t->procs, p);
	p = story_proc(77, "java", 800 * MIB, 0);
	p.approx = 1U << PROC_RSS | 1U << PROC_ANON;
	err |= vec_push(&t->procs, p);
	err |= vec_push(&t->procs, story_proc(78, "idle", MIB, 0));
	err |= vec_push(&t->smaps, (struct smaps_sample){.id = {1234, 123400},
							 .pss = 15 * MIB,
							 .private_dirty = 12 * MIB});
	err |= limits__set(&t->limits, "pages_before_attach", 0,
			   "pages that were taken before the start are in nobody's count");
	if (err)
		abort();
}

static inline void story_owners(struct tick *t)
{
	struct owner_sample o = story_owner(1234, "python3", 268 * MIB, 0, MIB);
	int err = vec_push(&t->owners, o);

	o = story_owner(1300, "helper", 52 * MIB, 110 * MIB, 0);
	o.dead = o.has_exit_status = true;
	o.exit_status = 9;
	o.exit_ns = t->time_ns;
	o.parent = (struct proc_id){1234, 123400};
	o.residue = (struct residue){true, 40 * MIB, 12 * MIB, 110 * MIB, 0};
	err |= vec_push(&t->owners, o);
	o = story_owner(1301, "heir", 4096, 0, 0);
	o.parent = (struct proc_id){1300, 130000};
	err |= vec_push(&t->owners, o);
	o = story_owner(0, "cron-job", MIB, 0, 0);
	o.kind = OWNER_EXITED_GROUP;
	o.dead = true;
	o.members = 40;
	err |= vec_push(&t->owners, o);
	o = story_owner(2, "kswapd0", 0, 0, 64 << 10);
	o.kind = OWNER_KTHREAD;
	err |= vec_push(&t->owners, o);
	o = story_owner(0, "", 0, 0, 3 * MIB);
	o.kind = OWNER_ASYNC;
	err |= vec_push(&t->owners, o);
	if (err)
		abort();
}

/* After 20 s. */
static inline void story_end(struct tick *t)
{
	struct proc_sample p;
	struct event e;
	int err = 0;

	begin_tick(t, 1, 20);
	story_meminfo(t, 300 * MIB);
	story_owners(t);
	p = story_proc(1234, "python3", 280 * MIB, 0);
	p.flags = PROC_TARGET;
	err |= vec_push(&t->procs, p);
	p = story_proc(1300, "helper", 54 * MIB, 0);
	p.flags = PROC_FOLLOWED;
	p.known &= ~(1U << PROC_SWAP);
	p.end = (struct proc_end){true, true, 9, t->time_ns};
	err |= vec_push(&t->procs, p);
	p = story_proc(77, "java", 900 * MIB, 0);
	p.approx = 1U << PROC_RSS | 1U << PROC_ANON;
	err |= vec_push(&t->procs, p);
	err |= vec_push(&t->smaps, (struct smaps_sample){.id = {1234, 123400},
							 .pss = 283 * MIB,
							 .private_dirty = 280 * MIB});
	err |= vec_push(&t->ownership, (struct ownership_sample){.id = {1234, 123400},
								 .present = 280 * MIB,
								 .own = 268 * MIB,
								 .unowned = 12 * MIB});
	err |= vec_push(&t->mapped, (struct mapped_sample){.id = {1234, 123400},
							   .mmap = 256 * MIB,
							   .brk = 24 * MIB,
							   .before = 40 * MIB,
							   .unseen = 4096});
	e = (struct event){
		.time_ns = t->time_ns, .kind = EVENT_TARGET_EXITED, .id = {1300, 130000}};
	put(e.text, sizeof(e.text), "helper (1300) was killed by signal 9");
	err |= vec_push(&t->events, e);
	err |= limits__set(&t->limits, "pages_before_attach", 0,
			   "pages that were taken before the start are in nobody's count");
	err |= limits__set(&t->limits, "pages_moved_lost", 17,
			   "pages seen moving to a place outside the owner table");
	if (err)
		abort();
}

/* The report of a run of ticks made by `make`, until one is NULL. */
static inline struct report *report_of(const struct run_info *info, const struct report_options *o,
				       void (*const *make)(struct tick *t))
{
	struct report_options options = *o;
	struct history *h = NULL;
	struct follow *f = NULL;
	struct report *r = NULL;

	if (history__new(info, &h) || follow__new(&f))
		abort();
	for (; *make; make++) {
		struct tick t = {0};

		(*make)(&t);
		if (history__add(h, &t) || follow__tick(f, &t))
			abort();
		tick__free(&t);
	}
	options.follow = f;
	if (report__build(h, &options, &r))
		abort();
	history__free(h);
	follow__free(f);
	return r;
}

static inline struct report *story_report(void)
{
	static void (*const ticks[])(struct tick *) = {story_start, story_end, NULL};
	struct run_info info = story_info();

	return report_of(&info, &(struct report_options){.min_bytes = 65536}, ticks);
}

static inline void hostile_tick_0(struct tick *t)
{
	sample_tick(t, 0);
}

static inline void hostile_tick_1(struct tick *t)
{
	sample_tick(t, 1);
}

static inline void hostile_tick_2(struct tick *t)
{
	sample_tick(t, 2);
}

/* Every kind of row, with strings out to do harm. */
static inline struct report *hostile_report(void)
{
	static void (*const ticks[])(struct tick *) = {hostile_tick_0, hostile_tick_1,
						       hostile_tick_2, NULL};
	struct run_info info = sample_info();

	return report_of(&info, &(struct report_options){0}, ticks);
}

/* Nothing is known of anything. */
static inline struct report *empty_report(void)
{
	struct run_info info = {0};
	struct history *h = NULL;
	struct report *r = NULL;

	if (history__new(&info, &h) || report__build(h, &(struct report_options){0}, &r))
		abort();
	history__free(h);
	return r;
}
