/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tasks_proc on a /proc that hides other users' processes (hidepid=). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect/tasks.h"
#include "skip.h"

#define NOBODY 65534

/* 1 when the source says that processes are hidden, 0 when not, negative on failure. */
static int is_told(const char *root)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY), told;
	struct task_source *source;
	struct limits l = {0};

	if (fd < 0 || tasks_proc__open(fd, &source))
		return -1;
	told = source->limits(source, &l) ? -1 : limits__find(&l, "proc_hidden") != NULL;
	limits__free(&l);
	source->close(source);
	close(fd);
	return told;
}

static bool mount_hiding(const char *root)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/proc", root);
	return !unshare(CLONE_NEWNS) && !mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("tmpfs", root, "tmpfs", 0, NULL) && !chmod(root, 0755) &&
	       !mkdir(path, 0755) && !mount("proc", path, "proc", 0, "hidepid=2");
}

/* Exit status: which expectation failed. */
static int look(const char *root)
{
	if (!mount_hiding(root))
		return 1;
	if (is_told(root) != 0) /* root is not hidden from */
		return 2;
	/* nor is the group root */
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return 3;
	if (is_told("/") != 0)
		return 4;
	return is_told(root) == 1 ? 0 : 5;
}

static void hidden_processes_are_told(void **state)
{
	char root[] = "/tmp/memtrace-test-XXXXXX";
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip_because("needs root");
	assert_non_null(mkdtemp(root));
	pid = fork();
	if (!pid)
		_exit(look(root));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(rmdir(root), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hidden_processes_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
