/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A moment of a machine with one of everything, for what is written at each sample. */
#pragma once

#include "model/moment.h"
#include "samples.h"

#define MIB (1ull << 20)

/* Everything that has a name has one that is out to do harm. */
struct world {
	struct run_info info;
	struct tick tick;
	struct proc_sample procs[3];
	struct owner_sample owners[2];
	struct system_sample before, now;
	struct alert alert;
	char path[16];
	struct moment m;
};

static inline void set_names(struct world *w, size_t i)
{
	for (size_t p = 0; p < 3; p++)
		strncpy(w->procs[p].comm, hostile(i), COMM_SIZE);
	for (size_t o = 0; o < 2; o++)
		strncpy(w->owners[o].comm, hostile(i), COMM_SIZE);
	put(w->now.swaps.v[0].path, sizeof(w->now.swaps.v[0].path), hostile(i));
	put(w->now.slabs.v[0].name, sizeof(w->now.slabs.v[0].name), hostile(i));
	put(w->now.cgroups.v[0].container.name, 256, hostile(i));
	put(w->now.cgroups.v[0].container.pod, 256, i % 2 ? hostile(i) : "");
	put(w->alert.subject, sizeof(w->alert.subject), hostile(i));
	put(w->alert.message, sizeof(w->alert.message), hostile(i));
}

static inline int fill_system(struct world *w)
{
	struct buddy_zone zone = {.zone = "Normal", .n_orders = 11, .free = {7, 1}};
	struct slab_cache slab = {
		.active_objects = 5, .objects = 9, .slabs = 3, .pages_per_slab = 2};
	struct cgroup_sample cgroup = {
		.path = w->path,
		.known = 1u << CGROUP_CURRENT | 1u << CGROUP_MAX | 1u << CGROUP_EVENT_OOM_KILL,
		.value = {[CGROUP_CURRENT] = 3 * MIB, [CGROUP_MAX] = 4 * MIB},
		.container = {.runtime = RUNTIME_DOCKER},
	};
	struct swap_device swap = {.size = 8 * MIB, .used = MIB, .priority = -2};
	struct counter in[2] = {{"pswpin", 1000}, {"pswpin", 1300}};

	system_sample__clear(&w->before);
	system_sample__clear(&w->now);
	memset(w->now.err, 0, sizeof(w->now.err));
	w->before.err[SYSTEM_VMSTAT] = w->before.err[SYSTEM_SLABINFO] = 0;
	return vec_push(&w->now.zones, zone) || vec_push(&w->now.slabs, slab) ||
	       vec_push(&w->now.cgroups, cgroup) || vec_push(&w->now.swaps, swap) ||
	       vec_push(&w->before.vmstat, in[0]) || vec_push(&w->now.vmstat, in[1]);
}

static inline int make_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	w->info = sample_info();
	w->tick.time_ns = SAMPLE_START_NS;
	for (uint32_t i = 0; i < 3; i++) {
		w->procs[i] = (struct proc_sample){
			.id = {10 + i, 1},
			.ppid = 1,
			.state = i == 2 ? 'Z' : 'S',
			.known = i == 2 ? 0 : 1u << PROC_RSS | 1u << PROC_SWAP | 1u << PROC_FDS,
		};
		w->procs[i].value[PROC_RSS] = (i + 1) * MIB;
		w->procs[i].value[PROC_SWAP] = MIB;
	}
	w->owners[0] = (struct owner_sample){.id = {10, 1}, .live = {MIB, 0, 4096}};
	w->owners[1] = (struct owner_sample){.id = {5, 1}, .dead = true, .live = {0, 8192, 0}};
	put(w->path, sizeof(w->path), "/docker/0");
	w->alert = (struct alert){.kind = ALERT_SWAP, .unit = ALERT_BYTES, .id = {10, 1}};
	w->m = (struct moment){
		.info = &w->info,
		.tick = &w->tick,
		.procs = w->procs,
		.n_procs = 3,
		.owners = w->owners,
		.n_owners = 2,
		.system = &w->now,
		.before = &w->before,
		.passed_ns = 2 * SAMPLE_NS_PER_S,
		.alerts = &w->alert,
		.n_alerts = 1,
		.top = 10,
	};
	*state = w;
	return fill_system(w);
}

static inline int free_world(void **state)
{
	struct world *w = *state;

	vec_free(&w->now.cgroups); /* path is not malloc'ed */
	system_sample__free(&w->before);
	system_sample__free(&w->now);
	tick__free(&w->tick);
	free(w);
	return 0;
}

static inline void add_meminfo(struct world *w)
{
	static const struct meminfo_line lines[] = {
		{"MemTotal", 1000 * MIB, false},    {"MemFree", 100 * MIB, false},
		{"MemAvailable", 250 * MIB, false}, {"Buffers", 10 * MIB, false},
		{"Cached", 200 * MIB, false},
	};

	for (size_t i = 0; i < N_OF(lines); i++)
		assert_int_equal(vec_push(&w->tick.meminfo, lines[i]), 0);
}
