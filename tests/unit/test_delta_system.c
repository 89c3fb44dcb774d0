/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/delta_system.h"
#include "collect/system.h"
#include "fixture.h"

struct fix {
	struct delta_system *d;
	struct system_sample s;
	struct tick t;
	int root;
};

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	f->root = open_root("tests/fixtures/system/made");
	assert_int_equal(delta_system__new(f->root, 4096, &f->d), 0);
	system_sample__clear(&f->s);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	delta_system__free(f->d);
	system_sample__free(&f->s);
	tick__free(&f->t);
	close(f->root);
	free(f);
	return 0;
}

static void slab(struct fix *f, const char *name, uint64_t slabs)
{
	struct slab_cache c;

	memset(&c, 0, sizeof(c));
	c.pages_per_slab = 2;
	c.slabs = slabs;
	snprintf(c.name, sizeof(c.name), "%s", name);
	assert_int_equal(vec_push(&f->s.slabs, c), 0);
	f->s.err[SYSTEM_SLABINFO] = 0;
}

static struct cgroup_sample *cgroup(struct fix *f, const char *path, uint64_t current)
{
	struct cgroup_list *l = &f->s.cgroups;
	struct cgroup_sample c;

	memset(&c, 0, sizeof(c));
	c.path = strdup(path);
	c.known = 1U << CGROUP_CURRENT | 1U << CGROUP_PEAK;
	c.value[CGROUP_CURRENT] = current;
	c.value[CGROUP_PEAK] = 7 * current;
	assert_int_equal(vec_push(l, c), 0);
	f->s.err[SYSTEM_CGROUPS] = 0;
	return &l->v[l->n - 1];
}

static void step(struct fix *f)
{
	tick__clear(&f->t);
	assert_int_equal(delta_system__add(f->d, &f->s, &f->t), 0);
	system_sample__clear(&f->s);
}

static void test_slabs_are_told_when_they_change(void **state)
{
	struct fix *f = *state;

	slab(f, "dentry", 10);
	slab(f, "a/../../b", 1);
	step(f);
	assert_int_equal(f->t.slabs.n, 2);
	assert_string_equal(f->t.slabs.v[0].name, "dentry");
	assert_int_equal(f->t.slabs.v[0].bytes, 10 * 2 * 4096);
	assert_false(f->t.slabs.v[1].reclaim_known);

	slab(f, "dentry", 11);
	slab(f, "a/../../b", 1);
	step(f);
	assert_int_equal(f->t.slabs.n, 1);
	assert_int_equal(f->t.slabs.v[0].bytes, 11 * 2 * 4096);

	step(f); /* could not be read: nothing is gone */
	assert_int_equal(f->t.slabs.n, 0);

	slab(f, "dentry", 11);
	step(f);
	assert_int_equal(f->t.slabs.n, 1);
	assert_true(f->t.slabs.v[0].gone);
	assert_string_equal(f->t.slabs.v[0].name, "a/../../b");
	slab(f, "dentry", 11);
	slab(f, "a/../../b", UINT64_MAX / 2);
	step(f);
	assert_int_equal(f->t.slabs.n, 1);
	assert_false(f->t.slabs.v[0].gone);
	assert_int_equal(f->t.slabs.v[0].bytes, UINT64_MAX);
}

static void test_cgroups_are_told_by_steps(void **state)
{
	struct fix *f = *state;
	struct cgroup_sample *c = cgroup(f, "/x", 10 << 20);

	c->container.runtime = RUNTIME_DOCKER;
	snprintf(c->container.name, sizeof(c->container.name), "web");
	cgroup(f, "/y", 1 << 20);
	step(f);
	assert_int_equal(f->t.cgroups.n, 2);
	assert_string_equal(f->t.cgroups.v[0].name, "web");
	/* only what a session file holds, so that a replay sees the same */
	assert_int_equal(f->t.cgroups.v[0].known, 1U << CGROUP_CURRENT);
	assert_int_equal(f->t.cgroups.v[0].value[CGROUP_PEAK], 0);

	c = cgroup(f, "/x", (10 << 20) + DELTA_CGROUP_STEP - 1);
	c->container.runtime = RUNTIME_DOCKER;
	snprintf(c->container.name, sizeof(c->container.name), "web");
	step(f);
	assert_int_equal(f->t.cgroups.n, 1);
	assert_true(f->t.cgroups.v[0].gone);
	assert_string_equal(f->t.cgroups.v[0].path, "/y");
	assert_int_equal(f->t.cgroups.v[0].value[CGROUP_CURRENT], 1 << 20); /* as it was */

	c = cgroup(f, "/x", (10 << 20) + DELTA_CGROUP_STEP);
	c->container.runtime = RUNTIME_DOCKER;
	snprintf(c->container.name, sizeof(c->container.name), "web");
	step(f);
	assert_int_equal(f->t.cgroups.n, 1);
	assert_int_equal(f->t.cgroups.v[0].value[CGROUP_CURRENT], (10 << 20) + DELTA_CGROUP_STEP);

	c = cgroup(f, "/x", (10 << 20) + DELTA_CGROUP_STEP);
	c->container.runtime = RUNTIME_DOCKER;
	snprintf(c->container.name, sizeof(c->container.name), "web");
	c->known |= 1U << CGROUP_EVENT_MAX;
	step(f);
	c = cgroup(f, "/x", (10 << 20) + DELTA_CGROUP_STEP);
	c->container.runtime = RUNTIME_DOCKER;
	snprintf(c->container.name, sizeof(c->container.name), "web");
	c->known |= 1U << CGROUP_EVENT_MAX;
	c->value[CGROUP_EVENT_MAX] = 1;
	step(f);
	assert_int_equal(f->t.cgroups.n, 1);
}

static void test_what_is_too_many_is_counted(void **state)
{
	struct fix *f = *state;
	struct limits l = {0};
	char name[32];

	for (int i = 0; i < DELTA_SYSTEM_MAX + 5; i++) {
		snprintf(name, sizeof(name), "cache%d", i);
		slab(f, name, 1);
		cgroup(f, name, 1 << 20);
	}
	step(f);
	assert_int_equal(f->t.slabs.n, DELTA_SYSTEM_MAX);
	assert_int_equal(f->t.cgroups.n, DELTA_SYSTEM_MAX);
	assert_int_equal(delta_system__limits(f->d, &l), 0);
	assert_int_equal(limits__find(&l, "slab_caches_left_out")->count, 5);
	assert_int_equal(limits__find(&l, "cgroups_left_out")->count, 5);
	limits__free(&l);
}

static void test_reclaimable_caches_are_known(void **state)
{
	char dir[] = "/tmp/memtrace-slab-XXXXXX", command[256];
	struct delta_system *d;
	struct fix *f = *state;
	int root;

	assert_non_null(mkdtemp(dir));
	snprintf(command, sizeof(command),
		 "cd %s && mkdir -p sys/kernel/slab/dentry sys/kernel/slab/sock && "
		 "echo 1 >sys/kernel/slab/dentry/reclaim_account && "
		 "echo 0 >sys/kernel/slab/sock/reclaim_account",
		 dir);
	assert_int_equal(system(command), 0);
	root = open_root(dir);
	assert_int_equal(delta_system__new(root, 4096, &d), 0);
	slab(f, "dentry", 1);
	slab(f, "sock", 1);
	slab(f, "unknown", 1);
	assert_int_equal(delta_system__add(d, &f->s, &f->t), 0);
	assert_true(f->t.slabs.v[0].reclaim_known && f->t.slabs.v[0].is_reclaimable);
	assert_true(f->t.slabs.v[1].reclaim_known && !f->t.slabs.v[1].is_reclaimable);
	assert_false(f->t.slabs.v[2].reclaim_known);
	delta_system__free(d);
	close(root);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_slabs_are_told_when_they_change),
		TEST(test_cgroups_are_told_by_steps),
		TEST(test_what_is_too_many_is_counted),
		TEST(test_reclaimable_caches_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
