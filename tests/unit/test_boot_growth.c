/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A made-up boot, moment by moment, and the summary of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "analyze/boot_growth.h"
#include "analyze/boots.h"
#include "base/cleanup.h"
#include "golden.h"
#include "sink/boot_summary.h"

#define S 1000000000ull
#define MIB (1ull << 20)
#define START_NS (1700000000 * S)

struct world {
	struct run_info info;
	struct tick tick;
	struct system_sample system;
	struct boot_moment boot;
	struct log_event event;
	struct proc_sample procs[3];
	struct boot_growth growth;
	struct moment m;
	unsigned int n;
};

static void set_line(struct world *w, const char *name, uint64_t bytes)
{
	vec_for_each(line, &w->tick.meminfo)
		if (!strcmp(line->name, name)) {
			line->bytes = bytes;
			return;
		}
	struct meminfo_line line = {.bytes = bytes};

	snprintf(line.name, sizeof(line.name), "%s", name);
	assert_int_equal(vec_push(&w->tick.meminfo, line), 0);
}

static void set_proc(struct world *w, int i, const char *comm, uint64_t anon)
{
	struct proc_sample *p = &w->procs[i];

	p->id = (struct proc_id){100 + (uint32_t)i, 10};
	p->known = 1u << PROC_ANON | 1u << PROC_SWAP | 1u << PROC_SHMEM;
	p->value[PROC_ANON] = anon;
	snprintf(p->comm, sizeof(p->comm), "%s", comm);
}

/* The next moment, `seconds` later. */
static void step(struct world *w, unsigned int seconds, enum boot_phase phase, uint64_t used)
{
	set_line(w, "MemTotal", 1024 * MIB);
	set_line(w, "MemAvailable", 1024 * MIB - used);
	w->tick.mono_ns += seconds * S;
	w->tick.time_ns = START_NS + w->tick.mono_ns;
	w->boot.phase = phase;
	w->boot.busy = phase == PHASE_LOAD ? 1u << ACTIVITY_CPU | 1u << ACTIVITY_STARTS : 0;
	w->m.passed_ns = w->n++ ? seconds * S : 0;
	assert_int_equal(boot_growth__add(&w->growth, &w->m), 0);
	w->boot.n_events = 0;
}

static int make_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->info.page_size = 4096;
	w->event = (struct log_event){.kind = CRITICAL_SERVICE, .priority = 4};
	snprintf(w->event.text, sizeof(w->event.text), "foo.service: Failed\x1b[2J");
	w->boot.events = &w->event;
	w->m = (struct moment){.info = &w->info,
			       .tick = &w->tick,
			       .procs = w->procs,
			       .n_procs = 3,
			       .system = &w->system,
			       .boot = &w->boot};
	*state = w;
	return 0;
}

static int free_world(void **state)
{
	struct world *w = *state;

	boot_growth__free(&w->growth);
	tick__free(&w->tick);
	vec_free(&w->system.slabs);
	free(w);
	return 0;
}

static const struct grower *find(const struct world *w, enum grower_kind kind, const char *name)
{
	vec_for_each(g, &w->growth.v)
		if (g->kind == kind && !strcmp(g->name, name))
			return g;
	fail_msg("no %s", name);
	return NULL;
}

/* A leaker of 1 MiB a minute, one that starts up and stays, one that works under load. */
static void live(struct world *w)
{
	struct slab_cache cache = {.name = "dentry", .slabs = 1000, .pages_per_slab = 1};

	assert_int_equal(vec_push(&w->system.slabs, cache), 0);
	for (unsigned int i = 0; i < 40; i++) {
		enum boot_phase phase = i <= 5 ? PHASE_WARM_UP : i <= 30 ? PHASE_IDLE : PHASE_LOAD;
		uint64_t started = (i < 5 ? i : 5) * 20 * MIB,
			 worked = (i > 30 ? i - 30 : 0) * 8 * MIB;

		set_proc(w, 0, "leaker\n", 10 * MIB + i * MIB);
		set_proc(w, 1, "server", started);
		set_proc(w, 2, "worker", 4 * MIB + worked);
		w->system.slabs.v[0].slabs = 1000 + i * 2;
		set_line(w, "SUnreclaim", (1000 + i * 2) * 4096);
		w->boot.n_events = i == 33;
		step(w, 60, phase, 100 * MIB + i * MIB + started + worked);
	}
}

static void phases_apart(void **state)
{
	struct world *w = *state;
	const struct grower *leaker, *server, *used;

	live(w);
	leaker = find(w, GROWER_PROCESS, "leaker\n");
	server = find(w, GROWER_PROCESS, "server");
	used = find(w, GROWER_LINE, "used");
	assert_int_equal(leaker->phase[PHASE_IDLE].bytes, 25 * MIB);
	assert_int_equal(leaker->phase[PHASE_IDLE].ns, 25 * 60 * S);
	assert_int_equal(leaker->phase[PHASE_IDLE].n_grew, 25);
	assert_true(phase_growth_is_steady(&leaker->phase[PHASE_IDLE]));
	assert_int_equal(server->phase[PHASE_WARM_UP].bytes, 100 * MIB);
	assert_int_equal(server->phase[PHASE_IDLE].bytes, 0);
	assert_int_equal(used->phase[PHASE_IDLE].bytes, 25 * MIB);
	assert_int_equal(used->phase[PHASE_LOAD].bytes, 9 * 9 * MIB);
	assert_int_equal(w->growth.n_windows, 1);
	assert_int_equal(w->growth.longest_ns, 25 * 60 * S);
	assert_int_equal(w->growth.busy[ACTIVITY_CPU], 9);
	assert_int_equal(w->growth.n_critical[CRITICAL_SERVICE], 1);
}

static void who_is_named(void **state)
{
	struct world *w = *state;
	uint32_t steady[BOOT_RANK_MAX];
	struct boot_rank idle, load;

	live(w);
	boot_growth__rank(&w->growth, PHASE_IDLE, &idle);
	boot_growth__rank(&w->growth, PHASE_LOAD, &load);
	assert_int_equal(idle.n, 2); /* the leaker, and the cache: not who started or worked */
	assert_string_equal(w->growth.v.v[idle.v[0]].name, "leaker\n");
	assert_string_equal(w->growth.v.v[load.v[0]].name, "worker");
	assert_int_equal(boot_growth__steady(&w->growth, &idle, steady), 1);
}

/* It is in the tables, by that name. */
static void we_are_not_accused(void **state)
{
	uint32_t steady[BOOT_RANK_MAX];
	struct world *w = *state;
	struct boot_rank idle;

	w->info.pid = 100;
	live(w);
	boot_growth__rank(&w->growth, PHASE_IDLE, &idle);
	assert_string_equal(w->growth.v.v[idle.v[0]].name, "leaker\n");
	assert_true(w->growth.v.v[idle.v[0]].own);
	assert_int_equal(boot_growth__steady(&w->growth, &idle, steady), 0);
}

/* What a process takes in its first minute is its start, in an idle machine, too. */
static void young_processes_warm_up(void **state)
{
	struct world *w = *state;
	const struct grower *g;

	w->tick.mono_ns = 1000 * S;
	set_proc(w, 0, "cron", MIB);
	w->procs[0].id.start_ticks = 99000; /* 990 s after boot */
	step(w, 10, PHASE_IDLE, 100 * MIB);
	set_proc(w, 0, "cron", 9 * MIB);
	w->procs[0].id.start_ticks = 99000;
	step(w, 10, PHASE_IDLE, 100 * MIB);
	w->procs[0].value[PROC_ANON] = 10 * MIB;
	step(w, 60, PHASE_IDLE, 100 * MIB);
	g = find(w, GROWER_PROCESS, "cron");
	assert_int_equal(g->phase[PHASE_WARM_UP].bytes, 8 * MIB);
	assert_int_equal(g->phase[PHASE_IDLE].bytes, MIB);
}

static void a_few_intervals_are_not_steady(void **state)
{
	const struct phase_growth two = {.bytes = 50 << 20, .n = 2, .n_grew = 2};
	const struct phase_growth once = {.bytes = 50 << 20, .n = 20, .n_grew = 1};
	const struct phase_growth little = {.bytes = 100 << 10, .n = 20, .n_grew = 20};

	assert_false(phase_growth_is_steady(&two));
	assert_false(phase_growth_is_steady(&once));
	assert_false(phase_growth_is_steady(&little));
}

/* Ten seconds of a service whose memory is `anon`, and pages that a CPU charged in advance. */
static void step_service(struct world *w, enum boot_phase phase, uint64_t anon, uint64_t advance)
{
	struct cgroup_sample *c = &w->system.cgroups.v[0];

	c->value[CGROUP_ANON] = anon;
	c->value[CGROUP_KERNEL] = MIB;
	c->value[CGROUP_SLAB_RECLAIMABLE] = MIB / 2;
	c->value[CGROUP_FILE] = 3 * MIB;
	c->value[CGROUP_SHMEM] = MIB;
	c->value[CGROUP_CURRENT] = anon + MIB + 3 * MIB + advance;
	w->m.n_procs = 0;
	step(w, 10, phase, 100 * MIB);
}

static void begin_service(struct world *w, char path[static 32], uint32_t more)
{
	struct cgroup_sample c = {
		.path = path,
		.known = 1u << CGROUP_ANON | 1u << CGROUP_FILE | 1u << CGROUP_SHMEM |
			 1u << CGROUP_SLAB_RECLAIMABLE | 1u << CGROUP_CURRENT | more,
		.container = {.runtime = RUNTIME_SERVICE},
	};

	snprintf(path, 32, "/system.slice/a.service");
	snprintf(c.container.name, sizeof(c.container.name), "a.service");
	assert_int_equal(vec_push(&w->system.cgroups, c), 0);
}

static void a_service_by_its_parts(void **state)
{
	struct world *w = *state;
	char path[32];

	begin_service(w, path, 1u << CGROUP_KERNEL);
	for (int i = 0; i < 10; i++)
		step_service(w, PHASE_IDLE, 8 * MIB, i * MIB / 4);
	assert_int_equal(find(w, GROWER_GROUP, "a.service")->last, 8 * MIB + MIB / 2 + MIB);
	assert_int_equal(find(w, GROWER_GROUP, "a.service")->phase[PHASE_IDLE].bytes, 0);
	vec_free(&w->system.cgroups);
}

/* Before 5.18 the kernel's own share is not told. */
static void a_service_by_what_is_charged(void **state)
{
	struct world *w = *state;
	char path[32];

	begin_service(w, path, 0);
	step_service(w, PHASE_IDLE, 8 * MIB, 0);
	assert_int_equal(find(w, GROWER_GROUP, "a.service")->last, 8 * MIB + MIB / 2 + MIB);
	vec_free(&w->system.cgroups);
}

static size_t n_steady(const struct world *w)
{
	uint32_t steady[BOOT_RANK_MAX];
	struct boot_rank idle;

	boot_growth__rank(&w->growth, PHASE_IDLE, &idle);
	return boot_growth__steady(&w->growth, &idle, steady);
}

/* A buffer fills while nobody asks, and is emptied by the next request. */
static void what_is_given_back_is_no_growth(void **state)
{
	struct world *w = *state;
	char path[32];

	begin_service(w, path, 1u << CGROUP_KERNEL);
	for (int i = 0; i < 40; i++)
		step_service(w, i % 8 ? PHASE_IDLE : PHASE_LOAD, (8 + i % 8) * MIB, 0);
	assert_int_equal(find(w, GROWER_GROUP, "a.service")->phase[PHASE_IDLE].bytes, 35 * MIB);
	assert_int_equal(n_steady(w), 0);
	for (int i = 0; i < 200; i++)
		step_service(w, PHASE_IDLE, (16 + i) * MIB, 0);
	assert_int_equal(n_steady(w), 1);
	vec_free(&w->system.cgroups);
}

static void summary(void **state)
{
	struct world *w = *state;
	_cleanup_(boot_comparison__free) struct boot_comparison c = {.n_boots = 5,
								     .n_new = 1,
								     .new_units = {"foo.service"},
								     .packages =
									     "812 installed, a"};
	_cleanup_(strbuf_free) struct strbuf b = {0};
	struct boot_run run = {.packages = "815 installed, b", .kernel = "6.12.117"};
	struct boot_mark marks[] = {{300 * S, 205 * MIB, 203 * MIB, 200 * MIB, 204 * MIB, 5},
				    {2400 * S, 330 * MIB, 20 * MIB, 19 * MIB, 21 * MIB, 5}};
	struct boot_summary s = {.growth = &w->growth,
				 .now = &run,
				 .comparison = &c,
				 .start_uptime_ns = 60 * S,
				 .end_uptime_ns = 2400 * S,
				 .warm_up_ns = 300 * S,
				 .used_known = true,
				 .used_first = 100 * MIB,
				 .used_last = 311 * MIB,
				 .interrupted = true};

	live(w);
	snprintf(c.kernel, sizeof(c.kernel), "6.12.107");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(vec_push(&c.marks, marks[i]), 0);
	boot_growth__rank(&w->growth, PHASE_IDLE, &s.idle);
	boot_growth__rank(&w->growth, PHASE_LOAD, &s.load);
	s.n_steady = boot_growth__steady(&w->growth, &s.idle, s.steady);
	boot_summary_text(&b, &s);
	assert_false(b.failed);
	assert_golden("boot_summary.txt", b.s);
}

static void summary_of_nothing(void **state)
{
	struct boot_growth growth = {0};
	struct boot_comparison c = {0};
	struct boot_run run = {0};
	const struct boot_summary s = {.growth = &growth, .now = &run, .comparison = &c};
	_cleanup_(strbuf_free) struct strbuf b = {0};

	boot_summary_text(&b, &s);
	assert_non_null(strstr(b.s, "Memory in use: ?"));
	assert_non_null(strstr(b.s, "never idle"));
	assert_non_null(strstr(b.s, "No earlier boot"));
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(phases_apart),
		IN_WORLD(who_is_named),
		IN_WORLD(we_are_not_accused),
		IN_WORLD(young_processes_warm_up),
		cmocka_unit_test(a_few_intervals_are_not_steady),
		IN_WORLD(a_service_by_its_parts),
		IN_WORLD(a_service_by_what_is_charged),
		IN_WORLD(what_is_given_back_is_no_growth),
		IN_WORLD(summary),
		cmocka_unit_test(summary_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
