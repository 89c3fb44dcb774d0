/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

/* Every test runs in an empty directory of its own. */
static char dir[64];
static int start_dir = -1;

static int enter(void **state)
{
	umask(022);
	strcpy(dir, "/tmp/memtrace-test-XXXXXX");
	start_dir = open(".", O_RDONLY | O_DIRECTORY);
	return !mkdtemp(dir) || chdir(dir);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int leave(void **state)
{
	int err = fchdir(start_dir);

	close(start_dir);
	return nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS) || err;
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void assert_content(const char *path, const char *text)
{
	char buf[256];

	assert_int_equal(read_file_at(AT_FDCWD, path, buf, sizeof(buf)), strlen(text));
	assert_string_equal(buf, text);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static int n_entries(void)
{
	int n = 0, fd = open(".", O_RDONLY | O_DIRECTORY);
	DIR *d = fdopendir(fd);

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void read_small(void **state)
{
	char buf[6];

	put("five", "12345");
	assert_int_equal(read_file_at(AT_FDCWD, "five", buf, 6), 5);
	assert_string_equal(buf, "12345");
	assert_int_equal(read_file_at(AT_FDCWD, "five", buf, 5), -EFBIG);
	assert_string_equal(buf, "1234");
	assert_int_equal(read_file_at(AT_FDCWD, "five", buf, 1), -EFBIG);
	assert_string_equal(buf, "");
	assert_int_equal(read_file_at(AT_FDCWD, "five", buf, 0), -EINVAL);
	assert_int_equal(read_file_at(AT_FDCWD, "none", buf, 6), -ENOENT);
	assert_int_equal(read_file_at(AT_FDCWD, ".", buf, 6), -EISDIR);
	put("empty", "");
	assert_int_equal(read_file_at(AT_FDCWD, "empty", buf, 1), 0);
	/* A FIFO in a tree must not hang the reader. */
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(read_file_at(AT_FDCWD, "fifo", buf, 6), 0);
}

static void read_growing(void **state)
{
	static char big[10000];
	char *buf = NULL;
	size_t cap = 0, cap_before;

	memset(big, 'b', sizeof(big) - 1);
	put("big", big);
	put("small", "s");
	assert_int_equal(read_file_grow(AT_FDCWD, "none", &buf, &cap, 100), -ENOENT);
	assert_null(buf);
	assert_int_equal(read_file_grow(AT_FDCWD, "big", &buf, &cap, 9999), 9999);
	assert_string_equal(buf, big);
	assert_int_equal(read_file_grow(AT_FDCWD, "big", &buf, &cap, 9998), -EFBIG);
	cap_before = cap;
	assert_int_equal(read_file_grow(AT_FDCWD, "small", &buf, &cap, 9998), 1);
	assert_string_equal(buf, "s");
	assert_int_equal(cap, cap_before);
	put("empty", "");
	assert_int_equal(read_file_grow(AT_FDCWD, "empty", &buf, &cap, 0), 0);
	assert_string_equal(buf, "");
	free(buf);
}

static void read_number(void **state)
{
	static const struct {
		const char *text;
		int err;
	} bad[] = {
		{"", -EINVAL},	 {"\n", -EINVAL},	{"max\n", -EINVAL},
		{"-1", -EINVAL}, {"12\n34\n", -EINVAL}, {"18446744073709551616\n", -ERANGE},
	};
	static const char with_nul[] = "12\0003";
	uint64_t value = 5;
	FILE *f;

	put("n", "4096\n");
	assert_int_equal(read_u64_at(AT_FDCWD, "n", &value), 0);
	assert_int_equal(value, 4096);
	put("n", "18446744073709551615");
	assert_int_equal(read_u64_at(AT_FDCWD, "n", &value), 0);
	assert_true(value == UINT64_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put("n", bad[i].text);
		assert_int_equal(read_u64_at(AT_FDCWD, "n", &value), bad[i].err);
	}
	f = fopen("n", "w");
	fwrite(with_nul, 1, sizeof(with_nul) - 1, f);
	fclose(f);
	assert_int_equal(read_u64_at(AT_FDCWD, "n", &value), -EINVAL);
	assert_int_equal(read_u64_at(AT_FDCWD, "none", &value), -ENOENT);
	assert_true(value == UINT64_MAX);
}

static void log_dir_is_made(void **state)
{
	struct stat st;
	int fd = open_log_dir("logs//");

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(mode_of("logs"), 0750);
	assert_int_equal(chmod("logs", 0775), 0); /* by the group: an administrator's choice */
	fd = open_log_dir("logs");
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(open_log_dir("none/logs"), -ENOENT);
	assert_int_equal(open_log_dir(""), -ENOENT);
	fd = open_log_dir("/");
	assert_true(fd >= 0);
	close(fd);
}

static void log_dir_refuses_traps(void **state)
{
	int fd;

	assert_int_equal(mkdir("real", 0755), 0);
	assert_int_equal(symlink("real", "link"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(open_log_dir("link"), -EPERM);
	assert_int_equal(open_log_dir("link/"), -EPERM);
	assert_int_equal(open_log_dir("link//"), -EPERM);
	assert_int_equal(open_log_dir("dangling"), -EPERM);
	assert_int_equal(access("nowhere", F_OK), -1);

	put("file", "");
	assert_int_equal(open_log_dir("file"), -ENOTDIR);
	assert_int_equal(chmod("real", 0777), 0);
	assert_int_equal(open_log_dir("real"), -EPERM);
	assert_int_equal(chmod("real", 01777), 0);
	fd = open_log_dir("real");
	assert_true(fd >= 0);
	close(fd);
}

static void create_never_follows(void **state)
{
	int fd = create_file_at(AT_FDCWD, "log");

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(mode_of("log"), 0640);
	assert_int_equal(create_file_at(AT_FDCWD, "log"), -EEXIST);
	assert_int_equal(symlink("elsewhere", "planted"), 0);
	assert_int_equal(create_file_at(AT_FDCWD, "planted"), -EEXIST);
	assert_int_equal(access("elsewhere", F_OK), -1);
	assert_int_equal(create_file_at(AT_FDCWD, "../log2"), -EINVAL);
	assert_int_equal(create_file_at(AT_FDCWD, "/tmp/log2"), -EINVAL);
	assert_int_equal(create_file_at(AT_FDCWD, ""), -EINVAL);
}

static struct atomic_file *open_ok(const char *path, FILE **out)
{
	struct atomic_file *f = NULL;

	assert_int_equal(atomic_file__open(path, &f, out), 0);
	assert_non_null(f);
	return f;
}

static void atomic_commit(void **state)
{
	struct atomic_file *f;
	FILE *out;

	put("report", "old");
	f = open_ok("report", &out);
	fputs("new", out);
	fflush(out);
	assert_content("report", "old");
	assert_int_equal(atomic_file__commit(f), 0);
	assert_content("report", "new");
	assert_int_equal(n_entries(), 1);

	f = open_ok("./fresh", &out);
	assert_int_equal(access("fresh", F_OK), -1);
	assert_int_equal(atomic_file__commit(f), 0);
	assert_content("fresh", "");
	assert_int_equal(mode_of("fresh"), 0640);
	assert_int_equal(n_entries(), 2);
}

static void atomic_keeps_readers(void **state)
{
	struct atomic_file *f;
	FILE *out;

	put("report", "old");
	assert_int_equal(chmod("report", 0666), 0);
	f = open_ok("report", &out);
	assert_int_equal(atomic_file__commit(f), 0);
	assert_int_equal(mode_of("report"),
			 0644); /* who could read still may; nobody else writes */
	assert_int_equal(chmod("report", 0600), 0);
	f = open_ok("report", &out);
	assert_int_equal(atomic_file__commit(f), 0);
	assert_int_equal(mode_of("report"), 0640);
}

static void atomic_abort(void **state)
{
	struct atomic_file *f;
	FILE *out;

	put("report", "old");
	f = open_ok("report", &out);
	fputs("new", out);
	atomic_file__abort(f);
	assert_content("report", "old");
	assert_int_equal(n_entries(), 1);
	atomic_file__abort(NULL);
}

static void atomic_refusals(void **state)
{
	struct atomic_file *f = NULL;
	FILE *out = NULL;

	put("victim", "untouched");
	assert_int_equal(symlink("victim", "planted"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(symlink("d", "dlink"), 0);
	assert_int_equal(atomic_file__open("planted", &f, &out), -ELOOP);
	assert_int_equal(atomic_file__open("dangling", &f, &out), -ELOOP);
	assert_int_equal(atomic_file__open("d", &f, &out), -EISDIR);
	assert_int_equal(atomic_file__open("dlink", &f, &out), -EISDIR);
	assert_int_equal(atomic_file__open("new/", &f, &out), -EISDIR);
	assert_int_equal(atomic_file__open("none/report", &f, &out), -ENOENT);
	assert_int_equal(atomic_file__open("", &f, &out), -EISDIR);
	assert_null(f);
	assert_null(out);
	assert_content("victim", "untouched");
	assert_int_equal(n_entries(), 5);
}

/* What is no regular file is written directly, and stays what it was. */
/* Read by all and replaced again and again; never opens what is there. */
static void atomic_shared(void **state)
{
	struct atomic_file *f;
	struct stat st;
	FILE *out;

	assert_int_equal(symlink("victim", "planted"), 0);
	assert_int_equal(symlink("/dev/null", "device"), 0);
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(atomic_file__open_shared("planted", &f, &out), -ELOOP);
	assert_int_equal(atomic_file__open_shared("device", &f, &out), -ELOOP);
	assert_int_equal(atomic_file__open_shared("d", &f, &out), -EISDIR);
	assert_int_equal(atomic_file__open_shared("pipe", &f, &out), -EINVAL);
	assert_int_equal(atomic_file__open_shared("/dev/null", &f, &out), -EINVAL);
	assert_int_equal(atomic_file__open_shared("none/x", &f, &out), -ENOENT);
	for (int i = 0; i < 2; i++) {
		mode_t mask = umask(077);

		assert_int_equal(atomic_file__open_shared("x.prom", &f, &out), 0);
		umask(mask);
		fputs("text\n", out);
		assert_int_equal(stat("x.prom", &st), i - 1); /* nothing before the commit */
		assert_int_equal(atomic_file__commit(f), 0);
		assert_int_equal(stat("x.prom", &st), 0);
		assert_int_equal(st.st_mode & 0777, 0644);
		assert_int_equal(st.st_size, 5);
	}
}

static void atomic_direct(void **state)
{
	struct atomic_file *f;
	char buf[16] = {0};
	struct stat st;
	FILE *out;
	int fd;

	assert_int_equal(mkfifo("pipe", 0600), 0);
	fd = open("pipe", O_RDWR);
	f = open_ok("pipe", &out);
	fputs("through", out);
	assert_int_equal(atomic_file__commit(f), 0);
	assert_int_equal(read(fd, buf, sizeof(buf)), 7);
	assert_string_equal(buf, "through");
	close(fd);

	assert_int_equal(symlink("/dev/null", "device"), 0);
	f = open_ok("device", &out);
	fputs("gone", out);
	assert_int_equal(atomic_file__commit(f), 0);
	assert_int_equal(lstat("device", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

/* `-o /dev/fd/N` with N opened on a file goes on where it was. */
static void atomic_descriptor(void **state)
{
	struct atomic_file *f;
	char path[32];
	FILE *out;
	int fd = open("log", O_RDWR | O_CREAT, 0600);

	assert_int_equal(write(fd, "head ", 5), 5);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	f = open_ok(path, &out);
	fputs("tail", out);
	assert_int_equal(atomic_file__commit(f), 0);
	assert_int_equal(write(fd, ".", 1), 1); /* still open */
	close(fd);
	assert_content("log", "head tail.");
	assert_int_equal(atomic_file__open("/dev/fd/987", &f, &out), -EBADF);
}

static void atomic_full_device(void **state)
{
	struct atomic_file *f;
	FILE *out;

	f = open_ok("/dev/full", &out);
	fputs("x", out);
	assert_int_equal(atomic_file__commit(f), -ENOSPC);

	/* A failure that stdio has seen earlier counts, too. */
	f = open_ok("/dev/full", &out);
	fputs("x", out);
	fflush(out);
	assert_true(ferror(out));
	assert_true(atomic_file__commit(f) < 0);
}

/* Of two writers of one path in one process neither destroys the other's work. */
static void atomic_twice(void **state)
{
	struct atomic_file *a, *b;
	FILE *out_a, *out_b;

	a = open_ok("report", &out_a);
	b = open_ok("report", &out_b);
	fputs("a", out_a);
	fputs("b", out_b);
	assert_int_equal(atomic_file__commit(a), 0);
	assert_content("report", "a");
	assert_int_equal(atomic_file__commit(b), 0);
	assert_content("report", "b");
	assert_int_equal(n_entries(), 1);
}

static void open_dir(void **state)
{
	DIR *d = NULL;

	put("file", "");
	assert_int_equal(open_dir_at(AT_FDCWD, "none", &d), -ENOENT);
	assert_int_equal(open_dir_at(AT_FDCWD, "file", &d), -ENOTDIR);
	assert_int_equal(dir_of_fd(open("file", O_RDONLY), &d), -ENOTDIR);
	assert_null(d);
	assert_int_equal(open_dir_at(AT_FDCWD, ".", &d), 0);
	assert_non_null(readdir(d));
	closedir(d);
}

/* Newer kernels count the descriptors for fstat(2), of a process that is gone then: seen as a lack
 * of memory once, which ended the run. */
static void dir_of_dead_process(void **state)
{
	char path[32];
	DIR *d = NULL;
	pid_t pid = fork();
	int fd, err;

	if (!pid)
		for (;;)
			pause();
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	err = dir_of_fd(fd, &d);
	assert_true(err == -ENOENT || !err);
	if (!err)
		closedir(d);
	else
		assert_int_equal(fcntl(fd, F_GETFD), -1); /* taken over */
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(read_small),	  TEST(read_growing),	       TEST(read_number),
		TEST(log_dir_is_made),	  TEST(log_dir_refuses_traps), TEST(create_never_follows),
		TEST(atomic_commit),	  TEST(atomic_keeps_readers),  TEST(atomic_abort),
		TEST(atomic_refusals),	  TEST(atomic_direct),	       TEST(atomic_descriptor),
		TEST(atomic_full_device), TEST(atomic_twice),	       TEST(atomic_shared),
		TEST(open_dir),		  TEST(dir_of_dead_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
