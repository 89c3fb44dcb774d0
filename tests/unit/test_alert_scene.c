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

/* Where a kill was is told when one cgroup counted as many as there were. */
static void the_scene_of_a_kill(void **state)
{
	static char a[] = "/a", b[] = "/a/b";
	struct world *w = *state;
	const struct oom_kill kills[2] = {{.pid = 1, .in_log = true, .in_cgroup = true},
					  {.pid = 2, .in_log = true, .in_cgroup = true}};

	count_kills(w);
	w->before.err[SYSTEM_CGROUPS] = w->now.err[SYSTEM_CGROUPS] = 0;
	for (int i = 0; i < 2; i++) {
		struct cgroup_sample c = {.path = i ? b : a, .known = 1u << CGROUP_EVENT_OOM_KILL};

		assert_int_equal(vec_push(&w->before.cgroups, c), 0);
		c.value[CGROUP_EVENT_OOM_KILL] = 1;
		assert_int_equal(vec_push(&w->now.cgroups, c), 0);
	}
	w->m.kills = kills;
	w->m.n_kills = 1;
	judge(w);
	assert_told(w, ALERT_OOM_KILL, ALERT_RAISED);
	assert_string_equal(w->told.v[0].message,
			    "the kernel killed ? (pid 1) for lack of memory in /a/b");
	w->m.n_kills = 2; /* the other's cgroup is gone */
	assert_int_equal(judge(w), 2);
	assert_string_equal(w->told.v[1].message,
			    "the kernel killed ? (pid 2) for lack of memory in its cgroup");
	vec_free(&w->now.cgroups);
	vec_free(&w->before.cgroups);
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

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(the_scene_of_a_kill),
		IN_WORLD(each_oom_kill),
		IN_WORLD(named_oom_kills),
		IN_WORLD(page_cache_is_no_alert),
		IN_WORLD(cgroup_under_a_tighter_limit),
		IN_WORLD(cgroup_that_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
