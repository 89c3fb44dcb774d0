/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/cgroup_procs.h"
#include "collect/pid.h"
#include "skip.h"

#define FIXTURES "tests/fixtures/cgroup_procs/"

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fail_msg("%s: %s (unit tests run from the top of the tree)", path, strerror(errno));
	return fd;
}

/* The members as text, or the error: "120,121", "error -2". */
static const char *members(int root_fd, const char *path)
{
	static char text[512];
	struct cgroup_procs p = {0};
	int err = cgroup_procs__read(root_fd, path, &p);

	text[0] = '\0';
	if (err)
		snprintf(text, sizeof(text), "error %d", err);
	for (size_t i = 0; i < p.n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u", i ? "," : "",
			 p.v[i]);
	if (p.n_skipped)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " skipped %llu",
			 (unsigned long long)p.n_skipped);
	cgroup_procs__free(&p);
	return text;
}

static void test_unified(void **state)
{
	_cleanup_close_ int root = open_dir(FIXTURES "v2");
	static const char nginx[] = "120,121,900,4194303";

	assert_string_equal(members(root, "system.slice/nginx.service"), nginx);
	assert_string_equal(members(root, "/system.slice/nginx.service"), nginx);
	assert_string_equal(members(root, "//system.slice//nginx.service//"), nginx);
	assert_string_equal(members(root, "/sys/fs/cgroup/system.slice/nginx.service/"), nginx);
	assert_string_equal(members(root, "system.slice/nginx.service/workers"), "120,121,4194303");
	/* below, not "starts with": nginx.service2 counts for the slice alone */
	assert_string_equal(members(root, "system.slice"), "120,121,777,900,4194303");
	assert_string_equal(members(root, "system.slice/nginx.service2"), "777");
	assert_string_equal(members(root, "/"), "1,2,31,120,121,777,900,4194303");
	assert_string_equal(members(root, "/sys/fs/cgroup"), "1,2,31,120,121,777,900,4194303");
}

static void test_hybrid(void **state)
{
	_cleanup_close_ int root = open_dir(FIXTURES "hybrid");

	assert_string_equal(members(root, "docker/abc"), "50,51");
	assert_string_equal(members(root, "/docker"), "50,51"); /* memory's, not unified's */
	assert_string_equal(members(root, "only-here"), "61");
	assert_string_equal(members(root, "/sys/fs/cgroup/cpu/docker"), "70");
	assert_string_equal(members(root, "/sys/fs/cgroup/unified/docker"), "60");
	assert_string_equal(members(root, "/"), "1,50,51");
}

static void test_no_such_cgroup(void **state)
{
	_cleanup_close_ int root = open_dir(FIXTURES "v2"), none = open_dir(FIXTURES);
	const char *enoent = "error -2";

	assert_int_equal(ENOENT, 2);
	assert_string_equal(members(root, "system.slice/nginx"), enoent);
	assert_string_equal(members(root, "system.slice/memory.current"), enoent); /* a file */
	assert_string_equal(members(root, "/sys/fs/cgroupsystem.slice"), enoent);
	assert_string_equal(members(none, "/"), enoent);
}

static void test_dot_dot_is_refused(void **state)
{
	_cleanup_close_ int root = open_dir(FIXTURES "v2");
	const char *einval = "error -22";

	assert_int_equal(EINVAL, 22);
	assert_string_equal(members(root, ".."), einval);
	assert_string_equal(members(root, "system.slice/../garbage"), einval);
	assert_string_equal(members(root, "system.slice/.."), einval);
}

static void test_garbage_lines_are_no_members(void **state)
{
	_cleanup_close_ int root = open_dir(FIXTURES "v2");

	assert_string_equal(members(root, "garbage"), "31");
}

static void test_result_is_kept_on_failure_and_reused(void **state)
{
	_cleanup_close_ int root = open_dir(FIXTURES "v2");
	struct cgroup_procs p = {0};

	assert_int_equal(cgroup_procs__read(root, "system.slice", &p), 0);
	assert_int_equal(p.n, 5);
	assert_int_equal(cgroup_procs__read(root, "nowhere", &p), -ENOENT);
	assert_int_equal(p.n, 5);
	assert_int_equal(cgroup_procs__read(root, "garbage", &p), 0);
	assert_int_equal(p.n, 1);
	cgroup_procs__free(&p);
	assert_int_equal(p.n, 0);
}

/* --- trees that a fixture cannot hold ----------------------------------------------------------*/

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void add_cgroup(const char *path, const char *procs)
{
	char file[1024];

	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	write_text(file, procs);
}

/* Makes a root with an empty v2 hierarchy and moves there. */
static int enter_tree(void **state)
{
	char *dir = strdup("/tmp/test_cgroup_procs.XXXXXX");

	if (!dir || !mkdtemp(dir) || chdir(dir) || mkdir("sys", 0755) || mkdir("sys/fs", 0755))
		return -1;
	add_cgroup("sys/fs/cgroup", "1\n");
	*state = dir;
	return 0;
}

static char home[4096];

static int leave_tree(void **state)
{
	char command[128];
	int err;

	snprintf(command, sizeof(command), "rm -rf -- '%s'", (char *)*state);
	err = chdir(home) || system(command);
	free(*state);
	return err;
}

static void test_links_are_not_followed(void **state)
{
	_cleanup_close_ int root = open_dir(".");

	add_cgroup("sys/fs/cgroup/a", "10\n");
	add_cgroup("sys/elsewhere", "66\n");
	assert_int_equal(symlink("../../elsewhere", "sys/fs/cgroup/link"), 0);
	assert_int_equal(symlink("..", "sys/fs/cgroup/a/loop"), 0);
	assert_string_equal(members(root, "/"), "1,10");
}

static void test_unreadable_ones_are_counted(void **state)
{
	_cleanup_close_ int root = open_dir(".");

	add_cgroup("sys/fs/cgroup/a", "10\n");
	assert_int_equal(mkdir("sys/fs/cgroup/b", 0755), 0);
	assert_int_equal(mkdir("sys/fs/cgroup/b/cgroup.procs", 0755), 0); /* EISDIR */
	assert_string_equal(members(root, "/"), "1,10 skipped 1");
	/* a directory without the file is a cgroup that is just being removed */
	assert_int_equal(mkdir("sys/fs/cgroup/c", 0755), 0);
	assert_string_equal(members(root, "/"), "1,10 skipped 1");
}

static void test_depth_is_bounded_and_counted(void **state)
{
	_cleanup_close_ int root = open_dir(".");
	char path[1024] = "sys/fs/cgroup";

	for (int i = 0; i < 70; i++) {
		char procs[16];

		strcat(path, "/d");
		snprintf(procs, sizeof(procs), "%d\n", 1000 + i);
		add_cgroup(path, procs);
	}
	assert_non_null(strstr(members(root, "/"), ",1063 skipped 1"));
	assert_null(strstr(members(root, "/"), "1064"));
}

/* Us, on the running machine. */
static void test_live(void **state)
{
	_cleanup_close_ int root = open_dir("/");
	struct cgroup_procs p = {0};
	char text[4096], *path = NULL;
	bool found = false;
	int err, fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text));

	close(fd);
	if (len <= 0 || cgroup_parse((struct cursor){text, text + len}, &path))
		skip_because("no cgroup of our own to be read");
	err = cgroup_procs__read(root, path, &p);
	free(path);
	if (err == -ENOENT) /* a container that sees another part of the tree */
		skip_because("our cgroup is outside the tree that is mounted");
	assert_int_equal(err, 0);
	for (size_t i = 0; i < p.n; i++)
		found = found || p.v[i] == (uint32_t)getpid();
	cgroup_procs__free(&p);
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unified),
		cmocka_unit_test(test_hybrid),
		cmocka_unit_test(test_no_such_cgroup),
		cmocka_unit_test(test_dot_dot_is_refused),
		cmocka_unit_test(test_garbage_lines_are_no_members),
		cmocka_unit_test(test_result_is_kept_on_failure_and_reused),
		cmocka_unit_test_setup_teardown(test_links_are_not_followed, enter_tree,
						leave_tree),
		cmocka_unit_test_setup_teardown(test_unreadable_ones_are_counted, enter_tree,
						leave_tree),
		cmocka_unit_test_setup_teardown(test_depth_is_bounded_and_counted, enter_tree,
						leave_tree),
		cmocka_unit_test(test_live),
	};

	if (!getcwd(home, sizeof(home)))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
