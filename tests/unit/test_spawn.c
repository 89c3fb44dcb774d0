/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "capture.h"
#include "cli/rusage.h"
#include "cli/spawn.h"
#include "skip.h"

#define PATIENCE_MS 20000

#define ARGV(...) ((char **)(const char *[]){__VA_ARGS__, NULL})

static void sleep_ms(int ms)
{
	poll(NULL, 0, ms);
}

static int wait_for(struct spawn *s)
{
	int status;

	for (int ms = 0; ms < PATIENCE_MS; ms += 5) {
		int got = spawn__reap(s, &status);

		assert_true(got >= 0);
		if (got)
			return status;
		sleep_ms(5);
	}
	fail_msg("the command does not end");
	return -1;
}

/* Runs it to its end; what it wrote to stdout. */
static void run(struct capture *c, char *const argv[])
{
	struct spawn *s;

	capture_start(c, 1);
	assert_int_equal(spawn__start(argv, &s), 0);
	assert_int_equal(spawn__release(s), 0);
	assert_int_equal(wait_for(s), 0);
	capture_stop(c);
	spawn__free(s);
}

static void read_proc(pid_t pid, const char *name, char *dst, size_t size)
{
	char path[64];
	_cleanup_close_ int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, dst, size - 1);
	assert_true(n > 0);
	dst[n] = '\0';
}

/* The words after "\nUid:\t" and the like; the rest of the text is cut off. */
static const char *status_line(char *status, const char *name)
{
	char *line = strstr(status, name);

	assert_non_null(line);
	line += strlen(name);
	line += strspn(line, "\t ");
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void assert_own_status(const char *name, const char *expect)
{
	struct capture c;

	run(&c, ARGV("cat", "/proc/self/status"));
	assert_string_equal(status_line(c.text, name), expect);
}

static void test_exit_status(void **state)
{
	struct spawn *s;
	int status = 0;

	assert_int_equal(spawn__start(ARGV("sh", "-c", "exit 7"), &s), 0);
	assert_true(spawn__pid(s) > 0);
	assert_int_equal(spawn__release(s), 0);
	status = wait_for(s);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	/* again, and nothing is signalled any more: the pid may be somebody else's */
	assert_int_equal(spawn__reap(s, &status), 1);
	assert_int_equal(spawn__kill(s, SIGTERM), -ESRCH);
	assert_int_equal(spawn__release(s), -EALREADY);
	spawn__free(s);
}

/* Whoever tells what we cost takes the command's share out of what our children had. */
static void test_its_cpu_time(void **state)
{
	static char burn[] = "i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done";
	struct rusage before, after;
	struct spawn *s;

	getrusage(RUSAGE_CHILDREN, &before);
	assert_int_equal(spawn__start(ARGV("sh", "-c", burn), &s), 0);
	assert_int_equal(spawn__cpu_ns(s), 0);
	assert_int_equal(spawn__release(s), 0);
	assert_int_equal(wait_for(s), 0);
	getrusage(RUSAGE_CHILDREN, &after);
	assert_true(spawn__cpu_ns(s) > 1000000);
	/* each rounds to microseconds, user and system time apart */
	assert_in_range(rusage_cpu_ns(&after) - rusage_cpu_ns(&before) - spawn__cpu_ns(s) + 4000, 0,
			8000);
	spawn__free(s);
}

static void test_arguments_arrive(void **state)
{
	struct capture c;

	run(&c, ARGV("printf", "<%s>", "a b", "", "-c", "\n"));
	assert_string_equal(c.text, "<a b><><-c><\n>");
}

static void test_kill_is_forwarded(void **state)
{
	struct spawn *s;
	int status = -1;

	assert_int_equal(spawn__start(ARGV("sleep", "60"), &s), 0);
	assert_int_equal(spawn__release(s), 0);
	assert_int_equal(spawn__reap(s, &status), 0);
	assert_int_equal(status, -1);
	assert_int_equal(spawn__kill(s, SIGTERM), 0);
	status = wait_for(s);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	spawn__free(s);
}

static void test_waits_until_released(void **state)
{
	char dir[] = "/tmp/test_spawn.XXXXXX", file[64], comm[32];
	struct stat st;
	struct spawn *s;

	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/ran", dir);
	assert_int_equal(spawn__start(ARGV("touch", file), &s), 0);
	read_proc(spawn__pid(s), "comm", comm, sizeof(comm));
	assert_string_equal(comm, SPAWN_COMM "\n");
	sleep_ms(50);
	assert_int_equal(stat(file, &st), -1);
	assert_int_equal(spawn__release(s), 0);
	assert_int_equal(wait_for(s), 0);
	assert_int_equal(stat(file, &st), 0);
	spawn__free(s);

	assert_int_equal(unlink(file), 0);
	assert_int_equal(spawn__start(ARGV("touch", file), &s), 0);
	spawn__free(s); /* never released: ends, is reaped, ran nothing */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(stat(file, &st), -1);
	assert_int_equal(rmdir(dir), 0);
	spawn__free(NULL);
}

static void assert_not_run(const char *name, int expect_err, const char *expect_line)
{
	struct capture c;
	struct spawn *s;

	assert_int_equal(spawn__start(ARGV(name), &s), 0);
	capture_start(&c, 2);
	assert_int_equal(spawn__release(s), expect_err);
	assert_string_equal(capture_stop(&c), expect_line);
	spawn__free(s);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie stays */
}

static void test_exec_failures(void **state)
{
	assert_not_run("/nonexistent/x", -ENOENT,
		       "memtrace: cannot run '/nonexistent/x': No such file or directory\n");
	assert_not_run("no-such-command-anywhere", -ENOENT,
		       "memtrace: cannot run 'no-such-command-anywhere': No such file or "
		       "directory\n");
	assert_not_run("/tmp", -EACCES, "memtrace: cannot run '/tmp': Permission denied\n");
	assert_not_run("/\033]0;x\n", -ENOENT,
		       "memtrace: cannot run '/\\x1b]0;x\nmemtrace: | ': No such file or "
		       "directory\n");
}

static void test_killed_while_waiting(void **state)
{
	struct capture c;
	struct spawn *s;

	assert_int_equal(spawn__start(ARGV("true"), &s), 0);
	assert_int_equal(spawn__kill(s, SIGKILL), 0);
	sleep_ms(20);
	capture_start(&c, 2);
	assert_int_equal(spawn__release(s), -ECHILD);
	assert_string_equal(capture_stop(&c),
			    "memtrace: cannot run 'true': it was killed before it started\n");
	spawn__free(s);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void test_signals_are_the_defaults(void **state)
{
	struct sigaction handle = {.sa_handler = on_signal}, old_term, old_chld;
	sigset_t block, old_mask, now_mask;
	void (*old_hup)(int) = signal(SIGHUP, SIG_IGN);
	/* 32 and 33 are glibc's own, out of our reach, and ignored in what posix_spawn()
	 * starts: all that make runs. */
	const unsigned long long libc_signals = 3ULL << 31;
	struct capture c;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, &old_mask);
	sigaction(SIGTERM, &handle, &old_term);
	run(&c, ARGV("cat", "/proc/self/status"));
	assert_int_equal(strtoull(status_line(c.text, "\nSigIgn:"), NULL, 16) & ~libc_signals, 0);
	assert_own_status("\nSigBlk:", "0000000000000000");

	/* ours are as they were */
	sigprocmask(SIG_SETMASK, NULL, &now_mask);
	assert_true(sigismember(&now_mask, SIGINT));
	assert_false(sigismember(&now_mask, SIGTERM));
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	signal(SIGHUP, old_hup);

	/* with SIGCHLD ignored the kernel would throw the exit status away */
	sigaction(SIGCHLD, NULL, &old_chld);
	signal(SIGCHLD, SIG_IGN);
	test_exit_status(state);
	sigaction(SIGCHLD, &old_chld, NULL);
}

static void test_descriptors_stay_here(void **state)
{
	int low = dup(0), high = fcntl(0, F_DUPFD, 200); /* both without CLOEXEC */
	struct capture c;
	struct spawn *s;
	char path[64];
	int n = 0;

	assert_true(low > 2 && high >= 200);
	run(&c, ARGV("sh", "-c",
		     "fd=0; while [ $fd -lt 256 ]; do [ -e /proc/$$/fd/$fd ] && echo $fd; "
		     "fd=$((fd + 1)); done; :"));
	assert_string_equal(c.text, "0\n1\n2\n");

	/* the same while it waits: stdin, stdout, stderr and its socket */
	assert_int_equal(spawn__start(ARGV("true"), &s), 0);
	for (int fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", spawn__pid(s), fd);
		n += access(path, F_OK) == 0;
	}
	assert_int_equal(n, 4);
	spawn__free(s);
	close(low);
	close(high);
}

/* memtrace is killed -9 before it got ready: nothing may run unwatched, nothing may hang about. */
static void test_parent_dies_while_it_waits(void **state)
{
	char dir[] = "/tmp/test_spawn.XXXXXX", file[64];
	int fds[2], status;
	struct stat st;
	pid_t child = 0, parent;

	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/ran", dir);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	parent = fork();
	assert_true(parent >= 0);
	if (!parent) {
		struct spawn *s;

		if (!spawn__start(ARGV("touch", file), &s)) {
			child = spawn__pid(s);
			if (write(fds[1], &child, sizeof(child)) != sizeof(child))
				_exit(1);
		}
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(read(fds[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	for (int ms = 0; waitpid(child, &status, WNOHANG) != child; ms += 5) {
		assert_true(ms < PATIENCE_MS);
		sleep_ms(5);
	}
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
	assert_int_equal(stat(file, &st), -1);
	assert_int_equal(rmdir(dir), 0);
	close(fds[0]);
	close(fds[1]);
}

/* --- under sudo --------------------------------------------------------------------------------*/

static int clear_sudo(void **state)
{
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	return 0;
}

static void test_sudo_user_that_nobody_knows(void **state)
{
	struct capture c;
	struct spawn *s;
	char status[4096];

	if (geteuid())
		skip_because("needs root");
	assert_null(getpwuid(4000123));
	setenv("SUDO_UID", "4000123", 1);
	setenv("SUDO_GID", "4000124", 1);
	setenv("HOME", "/somewhere", 1);

	/* at once, not at exec: by then we may no longer be able to */
	assert_int_equal(spawn__start(ARGV("true"), &s), 0);
	read_proc(spawn__pid(s), "status", status, sizeof(status));
	assert_string_equal(status_line(status, "\nUid:"), "4000123\t4000123\t4000123\t4000123");
	spawn__free(s);

	assert_own_status("\nUid:", "4000123\t4000123\t4000123\t4000123");
	assert_own_status("\nGid:", "4000124\t4000124\t4000124\t4000124");
	assert_own_status("\nGroups:", "4000124 ");
	assert_own_status("\nCapPrm:", "0000000000000000");
	assert_own_status("\nCapEff:", "0000000000000000");
	run(&c, ARGV("sh", "-c", "echo $HOME"));
	assert_string_equal(c.text, "/somewhere\n");
}

static int compare_gids(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return x < y ? -1 : x > y;
}

/* Debian's man is in no other group, so take whoever has several; root at worst. */
static void test_sudo_user_with_groups(void **state)
{
	gid_t groups[64];
	int n = 64;
	char expect[1024] = "", number[16];
	struct passwd *pw, *most = NULL;
	int most_n = 0;

	if (geteuid())
		skip_because("needs root");
	setpwent();
	while ((pw = getpwent()) && most_n < 2) {
		static struct passwd kept;
		static char name[64];

		n = 64;
		if (getgrouplist(pw->pw_name, pw->pw_gid, groups, &n) < 0 || n <= most_n)
			continue;
		snprintf(name, sizeof(name), "%s", pw->pw_name);
		kept = *pw;
		kept.pw_name = name;
		most = &kept;
		most_n = n;
	}
	endpwent();
	assert_non_null(most);
	n = 64;
	assert_true(getgrouplist(most->pw_name, most->pw_gid, groups, &n) > 0);
	snprintf(number, sizeof(number), "%u", most->pw_uid);
	setenv("SUDO_UID", number, 1);
	snprintf(number, sizeof(number), "%u", most->pw_gid);
	setenv("SUDO_GID", number, 1);
	qsort(groups, (size_t)n, sizeof(*groups), compare_gids);
	for (int i = 0; i < n; i++)
		snprintf(expect + strlen(expect), sizeof(expect) - strlen(expect), "%u ",
			 groups[i]);
	assert_own_status("\nGroups:", expect);
}

static void test_sudo_ids_that_are_none(void **state)
{
	static const struct {
		const char *uid, *gid, *expect;
	} cases[] = {
		{"abc", "1000", "SUDO_UID is 'abc', which is no id"},
		{"", "1000", "SUDO_UID is '', which is no id"},
		{"-1", "1000", "SUDO_UID is '-1'"},
		{"4294967295", "1000", "SUDO_UID is '4294967295'"},
		{"4294967296", "1000", "SUDO_UID is '4294967296'"},
		{"1000x", "1000", "SUDO_UID is '1000x'"},
		{"1000", "99999999999", "SUDO_GID is '99999999999'"},
		{"1000", "", "SUDO_GID is ''"},
		{"1000", NULL, "SUDO_GID is not set"},
	};

	if (geteuid())
		skip_because("needs root");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct capture c;
		struct spawn *s = NULL;

		setenv("SUDO_UID", cases[i].uid, 1);
		if (cases[i].gid)
			setenv("SUDO_GID", cases[i].gid, 1);
		else
			unsetenv("SUDO_GID");
		capture_start(&c, 2);
		assert_int_equal(spawn__start(ARGV("true"), &s), -EINVAL);
		capture_stop(&c);
		assert_null(s);
		assert_non_null(strstr(c.text, cases[i].expect));
		assert_non_null(strstr(c.text, "not running the command as root\n"));
		assert_ptr_equal(strchr(c.text, '\n'), c.text + strlen(c.text) - 1);
	}
}

/* Without root there is nothing to give away: the variables are somebody's leftovers. */
static void test_sudo_ids_without_root(void **state)
{
	struct spawn *s;

	if (geteuid())
		skip_because("needs root");
	setenv("SUDO_UID", "abc", 1);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(spawn__start(ARGV("true"), &s), 0);
	assert_int_equal(seteuid(0), 0);
	spawn__free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_status),
		cmocka_unit_test(test_its_cpu_time),
		cmocka_unit_test(test_arguments_arrive),
		cmocka_unit_test(test_kill_is_forwarded),
		cmocka_unit_test(test_waits_until_released),
		cmocka_unit_test(test_exec_failures),
		cmocka_unit_test(test_killed_while_waiting),
		cmocka_unit_test(test_signals_are_the_defaults),
		cmocka_unit_test(test_descriptors_stay_here),
		cmocka_unit_test(test_parent_dies_while_it_waits),
		cmocka_unit_test_teardown(test_sudo_user_that_nobody_knows, clear_sudo),
		cmocka_unit_test_teardown(test_sudo_user_with_groups, clear_sudo),
		cmocka_unit_test_teardown(test_sudo_ids_that_are_none, clear_sudo),
		cmocka_unit_test_teardown(test_sudo_ids_without_root, clear_sudo),
	};

	/* the tests themselves may run under sudo */
	clear_sudo(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
