/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "analyze/alert.h"
#include "base/cleanup.h"

#define GIB (1ull << 30)
#define MIB (1ull << 20)
#define S 1000000000ull

/* A machine that is made up; tests change what they are about. */
struct world {
	struct run_info info;
	struct tick tick;
	struct meminfo_line lines[6];
	struct proc_sample procs[3];
	struct system_sample before, now;
	struct fd_use fds[1];
	struct moment m;
	struct alerts *alerts;
	struct alert_list told;
};

static void set_line(struct world *w, int i, const char *name, uint64_t bytes)
{
	snprintf(w->lines[i].name, sizeof(w->lines[i].name), "%s", name);
	w->lines[i].bytes = bytes;
}

static void set_proc(struct proc_sample *p, uint32_t pid, const char *comm, uint64_t anon)
{
	p->id = (struct proc_id){pid, 100};
	p->ppid = 1;
	p->state = 'S';
	snprintf(p->comm, sizeof(p->comm), "%s", comm);
	p->known = 1u << PROC_RSS | 1u << PROC_ANON | 1u << PROC_SWAP | 1u << PROC_SHMEM;
	p->value[PROC_RSS] = p->value[PROC_ANON] = anon;
}

static int make_world(void **state)
{
	uint64_t thresholds[_ALERT_KIND_MAX];
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	for (int i = 0; i < _ALERT_KIND_MAX; i++)
		thresholds[i] = alert_defs[i].threshold;
	set_line(w, 0, "MemTotal", 16 * GIB);
	set_line(w, 1, "MemAvailable", 12 * GIB);
	set_line(w, 2, "SwapTotal", 4 * GIB);
	set_line(w, 3, "SwapFree", 4 * GIB);
	set_line(w, 4, "Committed_AS", 15 * GIB);
	set_line(w, 5, "CommitLimit", 12 * GIB);
	w->tick.meminfo.v = w->lines;
	w->tick.meminfo.n = 6;
	w->tick.time_ns = 1700000000 * S;
	w->tick.mono_ns = 1000 * S;
	set_proc(&w->procs[0], 1, "init", 10 * MIB);
	set_proc(&w->procs[1], 50, "grower", 100 * MIB);
	set_proc(&w->procs[2], 60, "other", 20 * MIB);
	system_sample__clear(&w->before);
	system_sample__clear(&w->now);
	w->info.page_size = 4096;
	w->m = (struct moment){
		.info = &w->info,
		.tick = &w->tick,
		.procs = w->procs,
		.n_procs = 3,
		.system = &w->now,
		.fds = w->fds,
		.overcommit = 0,
	};
	*state = w;
	return alerts__new(thresholds, &w->alerts);
}

static int free_world(void **state)
{
	struct world *w = *state;

	alerts__free(w->alerts);
	vec_free(&w->told);
	system_sample__free(&w->before);
	system_sample__free(&w->now);
	free(w);
	return 0;
}

/* The next moment, 30 s later. */
static size_t judge(struct world *w)
{
	assert_int_equal(alerts__judge(w->alerts, &w->m, &w->told), 0);
	w->tick.time_ns += 30 * S;
	w->tick.mono_ns += 30 * S;
	return w->told.n;
}

static uint32_t n_active(const struct world *w)
{
	uint32_t in_force[_ALERT_KIND_MAX], sum = 0;

	alerts__in_force(w->alerts, in_force);
	for (int kind = 0; kind < _ALERT_KIND_MAX; kind++)
		sum += in_force[kind];
	return sum;
}

static void assert_told(const struct world *w, enum alert_kind kind, enum alert_state state)
{
	assert_int_equal(w->told.n, 1);
	assert_string_equal(alert_kind_names[w->told.v[0].kind], alert_kind_names[kind]);
	assert_string_equal(alert_state_names[w->told.v[0].state], alert_state_names[state]);
}

static void quiet_machine(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 5; i++)
		assert_int_equal(judge(w), 0);
	assert_int_equal(n_active(w), 0);
}

/* Alone: growth since the start is another alert's. */
static void start_used(struct world *w, uint64_t used_percent)
{
	w->lines[1].bytes = 16 * GIB - 16 * GIB / 100 * used_percent;
	judge(w);
}

static void memory_once_again_and_over(void **state)
{
	struct world *w = *state;

	start_used(w, 79);
	assert_int_equal(w->told.n, 0);
	w->lines[1].bytes = 16 * GIB / 100 * 18; /* 82 % used */
	judge(w);
	assert_told(w, ALERT_MEMORY, ALERT_RAISED);
	assert_int_equal(w->told.v[0].threshold, 80);
	assert_non_null(strstr(w->told.v[0].message, "grower (pid 50)"));
	assert_int_equal(judge(w), 0);		 /* not every tick */
	w->lines[1].bytes = 16 * GIB / 100 * 16; /* 84 %: no step yet */
	assert_int_equal(judge(w), 0);
	w->lines[1].bytes = 16 * GIB / 100 * 13; /* 87 %; growth is 10 % of the start's */
	judge(w);
	assert_told(w, ALERT_MEMORY, ALERT_CHANGED);
	w->lines[1].bytes = 16 * GIB / 100 * 21; /* 79 %: within the slack */
	assert_int_equal(judge(w), 0);
	w->lines[1].bytes = 16 * GIB / 100 * 23;
	judge(w);
	assert_told(w, ALERT_MEMORY, ALERT_CLEARED);
	assert_int_equal(judge(w), 0);
}

static void swap(void **state)
{
	struct world *w = *state;

	assert_int_equal(judge(w), 0);
	w->lines[3].bytes -= 4096;
	judge(w);
	assert_told(w, ALERT_SWAP, ALERT_RAISED);
	w->lines[3].bytes -= MIB;
	assert_int_equal(judge(w), 0);
	w->lines[3].bytes -= 20 * MIB;
	judge(w);
	assert_told(w, ALERT_SWAP, ALERT_CHANGED);
	w->lines[3].bytes = 4 * GIB;
	judge(w);
	assert_told(w, ALERT_SWAP, ALERT_CLEARED);
}

static void zombie_and_its_parent(void **state)
{
	struct world *w = *state;

	w->procs[2].state = 'Z';
	w->procs[2].ppid = 50;
	memcpy(w->procs[2].comm, "a\nb\x1b[2J", 8);
	judge(w);
	assert_told(w, ALERT_ZOMBIES, ALERT_RAISED);
	assert_non_null(strstr(w->told.v[0].message, "a\\x0ab\\x1b[2J"));
	assert_non_null(strstr(w->told.v[0].message, "grower (pid 50)"));
	assert_null(strchr(w->told.v[0].message, '\n'));
	/* A list that could not be read clears nothing. */
	w->m.n_procs = 0;
	assert_int_equal(judge(w), 0);
	w->m.n_procs = 3;
	w->procs[2].state = 'S';
	judge(w);
	assert_told(w, ALERT_ZOMBIES, ALERT_CLEARED);
}

static void files(void **state)
{
	struct world *w = *state;

	w->now.err[SYSTEM_FILES] = 0;
	w->now.files = (struct file_table){.used = 80, .max = 100};
	assert_int_equal(judge(w), 0);
	w->now.files.used = 81;
	judge(w);
	assert_told(w, ALERT_FDS, ALERT_RAISED);
	w->now.files.used = 1;
	w->m.n_fds = 1;
	w->fds[0] = (struct fd_use){.id = w->procs[1].id, .used = 900, .limit = 1024};
	judge(w);
	assert_int_equal(w->told.n, 2);
	assert_int_equal(w->told.v[0].kind, ALERT_FDS);
	assert_int_equal(w->told.v[0].state, ALERT_CLEARED);
	assert_int_equal(w->told.v[1].kind, ALERT_PROCESS_FDS);
	assert_int_equal(w->told.v[1].id.pid, 50);
	assert_int_equal(w->told.v[1].value, 87);
}

static void system_growth(void **state)
{
	struct world *w = *state;

	judge(w); /* 4 GiB in use */
	w->lines[1].bytes -= 400 * MIB;
	assert_int_equal(judge(w), 0);
	w->lines[1].bytes -= 100 * MIB;
	judge(w);
	assert_told(w, ALERT_GROWTH, ALERT_RAISED);
	assert_int_equal(w->told.v[0].value, 12);
}

static void process_growth(void **state)
{
	struct world *w = *state;

	judge(w);
	/* 60 %, but less than what counts. */
	w->procs[2].value[PROC_ANON] += 12 * MIB;
	assert_int_equal(judge(w), 0);
	w->procs[1].value[PROC_ANON] += 20 * MIB;
	judge(w);
	assert_told(w, ALERT_PROCESS_GROWTH, ALERT_RAISED);
	assert_int_equal(w->told.v[0].id.pid, 50);
	assert_int_equal(w->told.v[0].value, 20);
	assert_string_equal(w->told.v[0].subject, "grower");
	/* Another process with the pid is not the one that grew. */
	w->procs[1].id.start_ticks = 100000;
	judge(w);
	assert_told(w, ALERT_PROCESS_GROWTH, ALERT_CLEARED);
}

static void what_starts_may_grow(void **state)
{
	struct world *w = *state;

	w->procs[1].id.start_ticks = 99500; /* 5 s old */
	judge(w);
	w->procs[1].value[PROC_ANON] += 500 * MIB;
	assert_int_equal(judge(w), 0);
	w->procs[1].value[PROC_ANON] += 500 * MIB;
	assert_int_equal(judge(w), 0); /* 65 s: settled now */
	w->procs[1].value[PROC_ANON] += 500 * MIB;
	judge(w);
	assert_told(w, ALERT_PROCESS_GROWTH, ALERT_RAISED);
}

static void pressure(void **state)
{
	struct world *w = *state;

	w->now.err[SYSTEM_PSI] = 0;
	w->now.psi[PSI_MEMORY].some = (struct psi_line){.known = true, .avg60 = 1099};
	assert_int_equal(judge(w), 0);
	w->now.psi[PSI_MEMORY].some.avg60 = 1250;
	judge(w);
	assert_told(w, ALERT_PSI, ALERT_RAISED);
	assert_non_null(strstr(w->told.v[0].message, "12.50 %"));
}

static void count_kills(struct world *w)
{
	w->m.before = &w->before;
	w->before.err[SYSTEM_VMSTAT] = w->now.err[SYSTEM_VMSTAT] = 0;
	assert_int_equal(vec_push(&w->before.vmstat, (struct counter){"oom_kill", 3}), 0);
	assert_int_equal(vec_push(&w->now.vmstat, (struct counter){"oom_kill", 3}), 0);
}

static void each_oom_kill(void **state)
{
	struct world *w = *state;

	count_kills(w);
	assert_int_equal(judge(w), 0);
	w->now.vmstat.v[0].value = 5;
	judge(w);
	assert_told(w, ALERT_OOM_KILL, ALERT_RAISED);
	assert_int_equal(w->told.v[0].value, 2);
	w->before.vmstat.v[0].value = 5;
	assert_int_equal(judge(w), 0); /* an event is not cleared */
	w->now.vmstat.v[0].value = 6;
	judge(w);
	assert_told(w, ALERT_OOM_KILL, ALERT_RAISED);
}

static void fragmentation(void **state)
{
	struct world *w = *state;
	struct buddy_zone zone = {.zone = "Normal", .n_orders = 11, .free = {100000, 0, 0, 1}};
	struct buddy_zone dma = {.zone = "DMA", .n_orders = 11, .free = {100000}};

	w->now.err[SYSTEM_BUDDYINFO] = 0;
	assert_int_equal(vec_push(&w->now.zones, dma), 0);
	assert_int_equal(vec_push(&w->now.zones, zone), 0);
	judge(w);
	assert_told(w, ALERT_FRAGMENTATION, ALERT_RAISED);
	assert_string_equal(w->told.v[0].subject, "node 0 Normal");
	assert_int_equal(w->told.v[0].value, 99);
	w->now.zones.v[1].free[10] = 1000;
	judge(w);
	assert_told(w, ALERT_FRAGMENTATION, ALERT_CLEARED);
}

static void page_cache_is_no_alert(void **state)
{
	struct world *w = *state;
	char path[] = "/docker/0123";
	struct cgroup_sample c = {.path = path};

	c.known = 1u << CGROUP_CURRENT | 1u << CGROUP_MAX | 1u << CGROUP_INACTIVE_FILE;
	c.value[CGROUP_MAX] = 100 * MIB;
	c.value[CGROUP_CURRENT] = 100 * MIB;
	c.value[CGROUP_INACTIVE_FILE] = 60 * MIB;
	snprintf(c.container.name, sizeof(c.container.name), "web");
	w->now.err[SYSTEM_CGROUPS] = 0;
	assert_int_equal(vec_push(&w->now.cgroups, c), 0);
	assert_int_equal(cgroup_list__set_limits(&w->now.cgroups), 0);
	assert_int_equal(judge(w), 0);
	w->now.cgroups.v[0].value[CGROUP_INACTIVE_FILE] = 5 * MIB;
	judge(w);
	assert_told(w, ALERT_CGROUP, ALERT_RAISED);
	assert_string_equal(w->told.v[0].subject, "web");
	assert_int_equal(w->told.v[0].value, 95);
	vec_free(&w->now.cgroups); /* path is not malloc'ed */
}

/* Kills that have names are told one by one, and not again when the kernel's count comes. */
static void named_oom_kills(void **state)
{
	struct world *w = *state;
	const struct oom_kill kills[] = {
		{.pid = 4711, .has_comm = true, .comm = "ba\033d", .in_log = true},
		{.pid = 4712, .asker_pid = 50, .asker_comm = "asker"},
	};

	count_kills(w);
	w->m.kills = kills;
	w->m.n_kills = 2;
	assert_int_equal(judge(w), 2);
	assert_string_equal(w->told.v[0].message,
			    "the kernel killed ba\\x1bd (pid 4711) for lack of "
			    "memory in the machine");
	assert_string_equal(w->told.v[1].message,
			    "the OOM killer chose ? (pid 4712) for lack of memory; asker (pid 50) "
			    "had asked for more");
	w->m.n_kills = 0;
	w->now.vmstat.v[0].value = 5;
	assert_int_equal(judge(w), 0);
	w->before.vmstat.v[0].value = 5;
	w->now.vmstat.v[0].value = 6; /* this one has no name */
	judge(w);
	assert_told(w, ALERT_OOM_KILL, ALERT_RAISED);
	assert_string_equal(w->told.v[0].message, "the kernel killed 1 process for lack of memory");
}

static void add_cgroup(struct world *w, char *path, const char *name, uint64_t used, uint64_t max)
{
	struct cgroup_sample c = {.path = path, .known = 1u << CGROUP_CURRENT};

	c.value[CGROUP_CURRENT] = used;
	c.value[CGROUP_MAX] = max;
	if (max)
		c.known |= 1u << CGROUP_MAX;
	if (name)
		c.container.runtime = RUNTIME_DOCKER;
	snprintf(c.container.name, sizeof(c.container.name), "%s", name ?: "");
	assert_int_equal(vec_push(&w->now.cgroups, c), 0);
}

static void cgroup_under_a_tighter_limit(void **state)
{
	static char root[] = "/", slice[] = "/s", a[] = "/s/a", b[] = "/s/b", t[] = "/t";
	struct world *w = *state;

	w->now.err[SYSTEM_CGROUPS] = 0;
	add_cgroup(w, root, NULL, 2000 * MIB, 0);
	add_cgroup(w, slice, NULL, 95 * MIB, 100 * MIB);
	add_cgroup(w, a, "web", 94 * MIB, 1000 * MIB);
	add_cgroup(w, b, "db", MIB, 0);
	add_cgroup(w, t, "free", 1000 * MIB, 0);
	assert_int_equal(cgroup_list__set_limits(&w->now.cgroups), 0);
	judge(w);
	assert_told(w, ALERT_CGROUP, ALERT_RAISED);
	assert_string_equal(w->told.v[0].message,
			    "web uses 94.0 MiB of the limit 100 MiB of /s (94 %), inactive page "
			    "cache not counted");
	/* Nobody alone: the slice itself. */
	w->now.cgroups.v[2].value[CGROUP_CURRENT] = 50 * MIB;
	assert_int_equal(judge(w), 2);
	assert_string_equal(w->told.v[0].subject, "/s");
	assert_int_equal(w->told.v[1].state, ALERT_CLEARED);
	vec_free(&w->now.cgroups);
}

static void cgroup_that_waits(void **state)
{
	static char a[] = "/a", b[] = "/b";
	struct world *w = *state;

	w->now.err[SYSTEM_CGROUPS] = 0;
	add_cgroup(w, a, NULL, MIB, 0);
	add_cgroup(w, b, "web", MIB, 0);
	for (int i = 0; i < 2; i++)
		w->now.cgroups.v[i].memory_psi.some = (struct psi_line){true, 0, 1525, 0, 0};
	judge(w);
	assert_told(w, ALERT_CGROUP_PSI, ALERT_RAISED);
	assert_string_equal(w->told.v[0].subject, "web");
	assert_non_null(strstr(w->told.v[0].message, "15.25 %"));
	w->now.cgroups.v[1].memory_psi.some.avg60 = 0;
	judge(w);
	assert_told(w, ALERT_CGROUP_PSI, ALERT_CLEARED);
	vec_free(&w->now.cgroups);
}

static void commit_where_it_is_enforced(void **state)
{
	struct world *w = *state;

	w->m.overcommit = -1;
	assert_int_equal(judge(w), 0);
	w->m.overcommit = 2;
	judge(w);
	assert_told(w, ALERT_COMMIT, ALERT_RAISED);
	assert_int_equal(w->told.v[0].value, 125);
}

static void unknown_is_not_over(void **state)
{
	struct world *w = *state;

	w->lines[3].bytes = 0;
	judge(w);
	assert_told(w, ALERT_SWAP, ALERT_RAISED);
	w->tick.meminfo.n = 2;
	assert_int_equal(judge(w), 0);
	assert_int_equal(n_active(w), 1);
}

static void bounded(void **state)
{
	struct world *w = *state;
	_cleanup_free_ struct fd_use *fds = calloc(ALERTS_MAX + 10, sizeof(*fds));
	struct limits limits = {};

	assert_non_null(fds);
	for (uint32_t i = 0; i < ALERTS_MAX + 10; i++)
		fds[i] = (struct fd_use){.id = {i + 1, 1}, .used = 99, .limit = 100};
	w->m.fds = fds;
	w->m.n_fds = ALERTS_MAX + 10;
	assert_int_equal(judge(w), ALERTS_MAX);
	assert_int_equal(alerts__limits(w->alerts, &limits), 0);
	assert_int_equal(limits__find(&limits, "alerts_suppressed")->count, 10);
	limits__free(&limits);
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(quiet_machine),
		IN_WORLD(memory_once_again_and_over),
		IN_WORLD(swap),
		IN_WORLD(zombie_and_its_parent),
		IN_WORLD(files),
		IN_WORLD(system_growth),
		IN_WORLD(process_growth),
		IN_WORLD(what_starts_may_grow),
		IN_WORLD(pressure),
		IN_WORLD(each_oom_kill),
		IN_WORLD(fragmentation),
		IN_WORLD(page_cache_is_no_alert),
		IN_WORLD(named_oom_kills),
		IN_WORLD(cgroup_under_a_tighter_limit),
		IN_WORLD(cgroup_that_waits),
		IN_WORLD(commit_where_it_is_enforced),
		IN_WORLD(unknown_is_not_over),
		IN_WORLD(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
