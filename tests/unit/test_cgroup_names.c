/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/cgroup_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

#define ID "4f5e0c0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789"

/* As the kernel side writes them: innermost first. */
static struct mt_cgroup names(const char *const *v)
{
	struct mt_cgroup c = {0};

	for (; *v; v++) {
		memcpy(&c.names[c.n], *v, strlen(*v) + 1);
		c.n += (uint32_t)strlen(*v) + 1;
	}
	return c;
}

static void assert_path(const struct mt_cgroup *c, const char *want)
{
	char *path = NULL;

	assert_int_equal(cgroup_path_of(c, &path), 0);
	assert_string_equal(path, want);
	free(path);
}

static void test_paths(void **state)
{
	static const char *const nested[] = {"init.scope", "b", "a.slice", NULL};
	struct mt_cgroup c = names(nested);
	char *path = NULL;

	(void)state;
	assert_path(&c, "/a.slice/b/init.scope");
	c.cut = 1;
	assert_path(&c, "/.../a.slice/b/init.scope");
	assert_path(&(struct mt_cgroup){0}, "/");
	/* No memory but ours, whatever it says. */
	memset(&c, 'x', sizeof(c));
	c.cut = 0;
	assert_int_equal(cgroup_path_of(&c, &path), 0);
	assert_true(strlen(path) <= sizeof(c.names));
	free(path);
}

static void test_containers(void **state)
{
	static const char *const web[] = {"docker-" ID ".scope", "system.slice", NULL};
	static const char *const other[] = {"user.slice", NULL};
	struct cgroup_names n = {.root_fd = open_root("tests/fixtures/system/v2")};
	struct mt_cgroup c = names(web);

	(void)state;
	assert_int_equal(cgroup_names__add(&n, 5, &c), 0);
	c = names(other);
	assert_int_equal(cgroup_names__add(&n, 5, &c), 0); /* known already */
	assert_int_equal(cgroup_names__add(&n, 1ull << 40, &c), 0);
	assert_string_equal(cgroup_names__find(&n, 5)->path, "/system.slice/docker-" ID ".scope");
	assert_string_equal(cgroup_names__find(&n, 5)->container.name, "web-1");
	assert_string_equal(cgroup_names__find(&n, 5)->container.id, ID);
	assert_int_equal(cgroup_names__find(&n, 1ull << 40)->container.runtime, RUNTIME_NONE);
	assert_null(cgroup_names__find(&n, 6));
	close(n.root_fd);
	cgroup_names__free(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_containers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
