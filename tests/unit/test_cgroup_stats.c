/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/cgroup_stats.h"
#include "collect/system.h"
#include "fixture.h"

#define ID_A "4f5e0c0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789"
#define ID_B "9a8b7c6d5e4f30211203f4e5d6c7b8a99a8b7c6d5e4f30211203f4e5d6c7b8a9"
#define _cleanup_list_ _cleanup_(cgroup_list__free)

static const struct cgroup_sample *find(const struct cgroup_list *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].path, path))
			return &l->v[i];
	return NULL;
}

static bool knows(const struct cgroup_sample *c, enum cgroup_value value)
{
	return c->known & 1u << value;
}

static bool is_unlimited(const struct cgroup_sample *c, enum cgroup_value value)
{
	return c->unlimited & 1u << value;
}

static void assert_value(const struct cgroup_sample *c, enum cgroup_value value, uint64_t expected)
{
	if (!knows(c, value) || c->value[value] != expected)
		fail_msg("%s %s: %s%llu instead of %llu", c->path, cgroup_value_names[value],
			 knows(c, value) ? "" : "unknown ", (unsigned long long)c->value[value],
			 (unsigned long long)expected);
}

static void test_v2(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/v2");
	_cleanup_list_ struct cgroup_list l = {0};
	const struct cgroup_sample *c;

	assert_int_equal(cgroup_list__read(root, &l), 0);
	assert_int_equal(l.mode, CGROUP_MODE_V2);
	assert_int_equal(l.n_skipped, 0);
	c = find(&l, "/system.slice/docker-" ID_A ".scope");
	assert_non_null(c);
	assert_value(c, CGROUP_CURRENT, 262144000);
	assert_value(c, CGROUP_MAX, 268435456);
	assert_value(c, CGROUP_PEAK, 268435456);
	assert_true(is_unlimited(c, CGROUP_HIGH) && !knows(c, CGROUP_HIGH));
	assert_false(is_unlimited(c, CGROUP_MAX));
	assert_value(c, CGROUP_SWAP_MAX, 0);
	assert_value(c, CGROUP_ANON, 209715200);
	assert_value(c, CGROUP_FILE, 41943040);
	assert_value(c, CGROUP_SHMEM, 1048576);
	assert_value(c, CGROUP_INACTIVE_FILE, 33554432);
	assert_value(c, CGROUP_KERNEL, 10485760);
	assert_value(c, CGROUP_SLAB_UNRECLAIMABLE, 2097152);
	assert_value(c, CGROUP_PAGE_TABLE, 1048576);
	assert_value(c, CGROUP_EVENT_MAX, 1245);
	assert_value(c, CGROUP_EVENT_OOM, 2);
	assert_value(c, CGROUP_EVENT_OOM_KILL, 1);
	assert_int_equal(c->memory_psi.some.avg10, 1250);
	assert_string_equal(c->container.name, "web-1");
}

static void test_v2_unknown_is_not_zero(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/v2");
	_cleanup_list_ struct cgroup_list l = {0};
	const struct cgroup_sample *c;

	assert_int_equal(cgroup_list__read(root, &l), 0);
	c = find(&l, "/");
	assert_ptr_equal(c, &l.v[0]);
	assert_false(knows(c, CGROUP_CURRENT)); /* a v2 root has none */
	assert_value(c, CGROUP_ANON, 6000000000);
	c = find(&l, "/system.slice/nginx.service");
	assert_false(knows(c, CGROUP_PEAK));
	assert_false(c->memory_psi.some.known);
	assert_true(is_unlimited(c, CGROUP_MAX));
	assert_int_equal(c->container.runtime, RUNTIME_SERVICE);
	c = find(&l, "/system.slice/tiny.service"); /* too small for its parts to be read */
	assert_value(c, CGROUP_CURRENT, 4096);
	assert_false(knows(c, CGROUP_ANON));
	c = find(&l, "/broken"); /* no number; a number that is cut */
	assert_int_equal(c->known | c->unlimited, 0);
	assert_null(find(&l, "/half-gone"));
}

static void test_v2_containers(void **state)
{
	static const struct {
		const char *path, *name;
		bool inner;
	} expected[] = {
		{"/machine.slice/libpod-" ID_B ".scope", "db", false},
		{"/machine.slice/libpod-" ID_B ".scope/container", "db", true},
		{"/machine.slice/libpod-conmon-" ID_B ".scope", "", false},
		{"/default/redis", "redis", false},
		{"/default", "", false},
	};
	_cleanup_close_ int root = open_root("tests/fixtures/system/v2");
	_cleanup_list_ struct cgroup_list l = {0};
	size_t n_kubernetes = 0;

	assert_int_equal(cgroup_list__read(root, &l), 0);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const struct cgroup_sample *c = find(&l, expected[i].path);

		assert_non_null(c);
		assert_string_equal(c->container.name, expected[i].name);
		assert_int_equal(c->container.inner, expected[i].inner);
	}
	for (size_t i = 0; i < l.n; i++)
		n_kubernetes += l.v[i].container.namespace[0] != '\0';
	assert_int_equal(n_kubernetes, 2);
}

static void test_v1(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/v1");
	_cleanup_list_ struct cgroup_list l = {0};
	const struct cgroup_sample *c;

	assert_int_equal(cgroup_list__read(root, &l), 0);
	assert_int_equal(l.mode, CGROUP_MODE_V1);
	assert_int_equal(l.n, 5);
	c = find(&l, "/docker/" ID_A);
	assert_value(c, CGROUP_CURRENT, 262144000);
	assert_value(c, CGROUP_MAX, 268435456);
	assert_true(is_unlimited(c, CGROUP_HIGH));
	assert_value(c, CGROUP_ANON, 209715200); /* the total_ ones */
	assert_value(c, CGROUP_FILE, 41943040);
	assert_value(c, CGROUP_SWAP, 2097152);
	assert_value(c, CGROUP_KERNEL, 10485760);
	assert_value(c, CGROUP_EVENT_MAX, 77);
	assert_value(c, CGROUP_EVENT_OOM_KILL, 5);
	assert_false(knows(c, CGROUP_EVENT_OOM));
	assert_false(c->memory_psi.some.known);
	c = find(&l, "/lxc/mail");
	assert_true(is_unlimited(c, CGROUP_MAX)); /* with pages of 64 KiB */
	assert_string_equal(c->container.name, "mail");
}

static void test_hybrid(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/hybrid");
	_cleanup_list_ struct cgroup_list l = {0};
	const struct cgroup_sample *c;

	assert_int_equal(cgroup_list__read(root, &l), 0);
	assert_int_equal(l.mode, CGROUP_MODE_HYBRID);
	c = find(&l, "/docker/" ID_A);
	assert_value(c, CGROUP_CURRENT, 262144000);
	assert_true(c->memory_psi.some.known);
	assert_int_equal(c->memory_psi.some.avg10, 100);
	assert_false(find(&l, "/lxc/mail")->memory_psi.some.known);
}

/* A second reading takes the names from the first: here from a tree without state files. */
static void test_names_are_kept(void **state)
{
	_cleanup_close_ int named = open_root("tests/fixtures/system/v2");
	_cleanup_close_ int bare = open_root("tests/fixtures/system/v1");
	_cleanup_list_ struct cgroup_list l = {0};
	const struct cgroup_sample *c;

	assert_int_equal(cgroup_list__read(bare, &l), 0);
	c = find(&l, "/docker/" ID_A);
	assert_true(c->container.name_is_id);
	strcpy(l.v[c - l.v].container.name, "renamed");
	l.v[c - l.v].container.name_is_id = false;
	for (int i = 0; i < 2; i++)
		assert_int_equal(cgroup_list__read(bare, &l), 0);
	assert_string_equal(find(&l, "/docker/" ID_A)->container.name, "renamed");
	assert_int_equal(l.n, 5);
	assert_int_equal(cgroup_list__read(named, &l), 0);
	assert_null(find(&l, "/docker/" ID_A));
}

static void test_no_hierarchy(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/made");
	_cleanup_list_ struct cgroup_list l = {.n_skipped = 7};

	assert_int_equal(cgroup_list__read(root, &l), -ENOENT);
	assert_int_equal(l.n_skipped, 7);
}

/* Runs in a new directory that `$PWD` names. */
static void shell(const char *dir, const char *command)
{
	char text[1024];

	snprintf(text, sizeof(text), "cd '%s' && %s", dir, command);
	assert_int_equal(system(text), 0);
}

static void test_bounds_are_told(void **state)
{
	char dir[] = "/tmp/test_cgroup_stats.XXXXXX";
	_cleanup_list_ struct cgroup_list l = {0};
	_cleanup_close_ int root = -1;

	assert_non_null(mkdtemp(dir));
	root = open_root(dir);
	shell(dir, "mkdir -p sys/fs/cgroup && cd sys/fs/cgroup && echo memory >cgroup.controllers "
		   "&& : >cgroup.procs && mkdir $(seq 2100) && "
		   "for i in $(seq 2100); do : >$i/cgroup.procs; done");
	assert_int_equal(cgroup_list__read(root, &l), 0);
	assert_int_equal(l.n, 2048);
	assert_int_equal(l.n_skipped, 53); /* of 2101 with the root */
	/* not a directory to be entered: a link out of the tree */
	shell(dir,
	      "cd sys/fs/cgroup && rm -r $(seq 2100) && mkdir a ../out && : >a/cgroup.procs && "
	      ": >../out/cgroup.procs && ln -s ../out link");
	assert_int_equal(cgroup_list__read(root, &l), 0);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.n_skipped, 0);
	shell(dir, "rm -rf -- \"$PWD\"");
}

static void test_values(void **state)
{
	struct cgroup_sample c = {0};

	assert_int_equal(cgroup_value_parse(text_of("max\n"), CGROUP_CURRENT, &c), -EBADMSG);
	assert_int_equal(cgroup_value_parse(text_of("\n"), CGROUP_MAX, &c), -EBADMSG);
	assert_int_equal(cgroup_value_parse(text_of("max"), CGROUP_MAX, &c), -EBADMSG);
	assert_int_equal(cgroup_value_parse(text_of("18446744073709551616\n"), CGROUP_MAX, &c),
			 -EBADMSG);
	assert_int_equal(cgroup_events_parse(text_of("nothing 1\nhigh 2"), &c), -EBADMSG);
	assert_int_equal(cgroup_stat_parse(text_of("anon x\nfile -1\n"), false, &c), -EBADMSG);
	assert_int_equal(cgroup_stat_parse(text_of("anon 1\n"), true, &c), -EBADMSG);
	assert_int_equal(c.known | c.unlimited, 0);
}

/* --- all parts at once -------------------------------------------------------------------------*/

static void test_every_part_for_itself(void **state)
{
	_cleanup_close_ int made = open_root("tests/fixtures/system/made");
	_cleanup_close_ int v2 = open_root("tests/fixtures/system/v2");
	_cleanup_(system_sample__free) struct system_sample s = {0};

	assert_int_equal(system_read(made, SYSTEM_ALL, &s), 0);
	for (int i = 0; i < _SYSTEM_PART_MAX; i++)
		assert_int_equal(s.err[i], i == SYSTEM_CGROUPS ? -ENOENT : 0);
	assert_int_equal(s.swaps.n, 5);
	assert_int_equal(system_read(v2, SYSTEM_ALL, &s), 0);
	for (int i = 0; i < _SYSTEM_PART_MAX; i++)
		assert_int_equal(s.err[i], i == SYSTEM_CGROUPS ? 0 : -ENOENT);
	assert_int_equal(s.swaps.n + s.vmstat.n + s.zones.n + s.slabs.n + s.zswap.n, 0);
	assert_false(s.psi[PSI_MEMORY].some.known);
	assert_true(s.cgroups.n > 15);
	assert_int_equal(system_read(made, SYSTEM_ALL, &s), 0);
	assert_int_equal(s.cgroups.n, 0);
	assert_int_equal(s.swaps.n, 5);
	assert_int_equal(system_read(made, 1u << SYSTEM_VMSTAT, &s), 0);
	assert_int_equal(s.err[SYSTEM_VMSTAT], 0);
	assert_int_equal(s.err[SYSTEM_SWAPS], -ENODATA);
	assert_int_equal(s.swaps.n, 0);
}

static void test_missing_parts_are_told(void **state)
{
	_cleanup_close_ int made = open_root("tests/fixtures/system/made");
	_cleanup_close_ int v2 = open_root("tests/fixtures/system/v2");
	_cleanup_(system_sample__free) struct system_sample s = {0};
	_cleanup_(limits__free) struct limits l = {0};
	const struct limit *found;

	assert_int_equal(system_limits(&s, &l), 0); /* nothing asked for yet */
	assert_int_equal(l.n, 0);
	assert_int_equal(system_read(made, SYSTEM_ALL, &s), 0);
	assert_int_equal(system_limits(&s, &l), 0);
	found = limits__find(&l, "system_parts_missing");
	assert_non_null(found);
	assert_int_equal(found->count, 1);
	assert_string_equal(found->meaning, "not there, or not to be read: cgroups");
	assert_int_equal(system_read(v2, SYSTEM_ALL, &s), 0);
	s.err[SYSTEM_SLABINFO] = -EACCES;
	s.cgroups.n_skipped = 3;
	assert_int_equal(system_limits(&s, &l), 0);
	found = limits__find(&l, "system_parts_missing");
	assert_int_equal(found->count, _SYSTEM_PART_MAX - 3); /* cgroups; zram and zswap are not */
	assert_non_null(strstr(found->meaning, "psi, vmstat, swaps, buddyinfo, pagetypeinfo, "
					       "slabinfo (Permission denied), file-nr"));
	assert_int_equal(limits__find(&l, "cgroups_skipped")->count, 3);
}

static void test_this_machine(void **state)
{
	_cleanup_close_ int root = open_root("/");
	_cleanup_(system_sample__free) struct system_sample s = {0};

	assert_int_equal(system_read(root, SYSTEM_ALL, &s), 0);
	assert_int_equal(s.err[SYSTEM_VMSTAT], 0);
	assert_int_equal(s.err[SYSTEM_FILES], 0);
	assert_true(s.vmstat.n > 50);
	assert_true(s.files.used <= s.files.max);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v2),
		cmocka_unit_test(test_v2_unknown_is_not_zero),
		cmocka_unit_test(test_v2_containers),
		cmocka_unit_test(test_v1),
		cmocka_unit_test(test_hybrid),
		cmocka_unit_test(test_names_are_kept),
		cmocka_unit_test(test_no_hierarchy),
		cmocka_unit_test(test_bounds_are_told),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_every_part_for_itself),
		cmocka_unit_test(test_missing_parts_are_told),
		cmocka_unit_test(test_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
