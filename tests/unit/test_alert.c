/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "analyze/alert.h"
#include "base/cleanup.h"

#include "alert_world.h"

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
	assert_int_equal(judge(w), 0); /* every process that ends is one for a moment */
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

static void leaks_by_rate(void **state)
{
	struct world *w = *state;
	struct leak_sign leaks[2] = {
		{.id = {50, 1}, .subject = "gro\nwer", .words = "shared memory", .per_hour = 5e6},
		{.id = {50, 1},
		 .subject = "gro\nwer",
		 .words = "open descriptors",
		 .is_count = true,
		 .per_hour = 720,
		 .sure_permille = 987},
	};

	w->m.leaks = leaks;
	w->m.n_leaks = 1;
	judge(w);
	assert_told(w, ALERT_LEAK, ALERT_RAISED);
	assert_int_equal(w->told.v[0].value, 5000000);
	w->m.n_leaks = 2; /* another series of it is another alert */
	judge(w);
	assert_told(w, ALERT_LEAK, ALERT_RAISED);
	assert_string_equal(w->told.v[0].message,
			    "gro\\x0awer (pid 50) leaks open descriptors: 720 "
			    "an hour, 98 % sure");
	assert_int_equal(judge(w), 0);
	leaks[0].per_hour = 12e6;
	leaks[0].rate_unknown = true;
	judge(w);
	assert_told(w, ALERT_LEAK, ALERT_CHANGED);
	assert_string_equal(
		w->told.v[0].message,
		"gro\\x0awer (pid 50) leaks shared memory: at an unknown rate, 0 % sure");
	w->m.n_leaks = 1;
	judge(w);
	assert_told(w, ALERT_LEAK, ALERT_CLEARED);
}

/* Taken back: told once, as that; a process that ended with its leak is no mistake. */
static void leaks_are_withdrawn(void **state)
{
	struct world *w = *state;
	struct leak_sign leak = {
		.id = {50, 1}, .subject = "grower", .words = "shared memory", .per_hour = 1e20};
	uint64_t raised_ns;

	w->m.leaks = &leak;
	w->m.n_leaks = 1;
	leak.is_withdrawn = true;
	assert_int_equal(judge(w), 0); /* nothing was told */
	leak.is_withdrawn = false;
	judge(w);
	assert_told(w, ALERT_LEAK, ALERT_RAISED);
	assert_string_equal(w->told.v[0].message,
			    "grower (pid 50) leaks shared memory: above 8.0 EiB an hour, 0 % sure");
	raised_ns = w->told.v[0].time_ns;
	leak.is_withdrawn = true;
	judge(w);
	assert_told(w, ALERT_LEAK, ALERT_WITHDRAWN);
	assert_string_equal(w->told.v[0].message,
			    "grower (pid 50) does not leak shared memory, or not any more: the "
			    "warning is withdrawn");
	assert_true(w->told.v[0].time_ns > raised_ns);
	assert_true(alert_is_over(&w->told.v[0]));
	assert_int_equal(n_active(w), 0);
	assert_int_equal(judge(w), 0);
	leak.is_withdrawn = false;
	judge(w);
	assert_told(w, ALERT_LEAK, ALERT_RAISED);
	w->m.n_leaks = 0;
	judge(w);
	assert_told(w, ALERT_LEAK, ALERT_CLEARED);
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
		IN_WORLD(fragmentation),
		IN_WORLD(commit_where_it_is_enforced),
		IN_WORLD(leaks_by_rate),
		IN_WORLD(leaks_are_withdrawn),
		IN_WORLD(unknown_is_not_over),
		IN_WORLD(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
