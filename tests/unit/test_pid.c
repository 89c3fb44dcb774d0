/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/pid.h"

#define KIB 1024ULL
#define BIT(value) (1U << (value))

static int root_fd = -1;

static struct cursor over(const char *text)
{
	return (struct cursor){text, text + strlen(text)};
}

static int open_tree(const char *root)
{
	if (root_fd >= 0)
		close(root_fd);
	root_fd = open(root, O_RDONLY | O_DIRECTORY);
	return root_fd < 0;
}

static int normal(void **state)
{
	return open_tree("tests/fixtures/proc/normal");
}

static int nasty(void **state)
{
	return open_tree("tests/fixtures/proc/nasty");
}

static void stat_usual(void **state)
{
	struct pid_stat s;

	assert_int_equal(pid_stat_read(root_fd, 500, &s), 0);
	assert_string_equal(s.comm, "app worker");
	assert_int_equal(s.state, 'S');
	assert_int_equal(s.ppid, 1);
	assert_int_equal(s.flags, 0x400000);
	assert_int_equal(s.n_threads, 3);
	assert_int_equal(s.start_ticks, 54321);
	assert_int_equal(s.vsize, 5447680);
	assert_int_equal(s.start_brk, 0x55a362c3a000);

	assert_int_equal(pid_stat_read(root_fd, 2, &s), 0);
	assert_string_equal(s.comm, "kthreadd");
	assert_true(s.flags & 0x00200000);
	assert_int_equal(s.vsize, 0);
	assert_int_equal(s.start_brk, 0);

	/* The name of a worker thread, not what it works on. */
	assert_int_equal(pid_stat_read(root_fd, 57, &s), 0);
	assert_string_equal(s.comm, "kworker/0:1H");
}

static void stat_nasty(void **state)
{
	static const char zeroes[COMM_SIZE];
	struct pid_stat s;

	assert_int_equal(pid_stat_read(root_fd, 10, &s), 0);
	assert_string_equal(s.comm, "a) (b\n");
	assert_memory_equal(s.comm + 6, zeroes, COMM_SIZE - 6);
	assert_int_equal(s.start_ticks, 100);
	assert_int_equal(pid_stat_read(root_fd, 12, &s), 0);
	assert_true(s.start_ticks == UINT64_MAX && s.vsize == UINT64_MAX);
	assert_int_equal(pid_stat_read(root_fd, 15, &s), 0);
	assert_int_equal(s.start_ticks, 150);
	assert_int_equal(pid_stat_read(root_fd, 22, &s), 0);
	assert_string_equal(s.comm, "xxxxxxxxxxxxxxx");

	assert_int_equal(pid_stat_read(root_fd, 11, &s), -EBADMSG);
	assert_int_equal(pid_stat_read(root_fd, 13, &s), -EBADMSG);
	assert_int_equal(pid_stat_read(root_fd, 21, &s), -EBADMSG);
	assert_int_equal(pid_stat_read(root_fd, 9999, &s), -ESRCH);
	assert_string_equal(s.comm, "xxxxxxxxxxxxxxx");
}

/* Every prefix of a good text is refused: no number may be half a number. */
static void stat_cut(void **state)
{
	char text[4096];
	ssize_t len = read_file_at(root_fd, "proc/500/stat", text, sizeof(text));
	struct pid_stat s;

	assert_true(len > 0);
	for (ssize_t cut = 0; cut < len; cut++)
		assert_int_equal(pid_stat_parse((struct cursor){text, text + cut}, &s), -EBADMSG);
	assert_int_equal(pid_stat_parse((struct cursor){text, text + len}, &s), 0);
}

static void stat_fields(void **state)
{
	static const struct {
		const char *text;
		int err;
	} cases[] = {
		/* field 23 is the last that has to be there */
		{"1 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7 8\n", 0},
		{"1 () S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7 8\n", 0},
		{"1 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7\n", -EBADMSG},
		{"1 (a) SS 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7 8\n", -EBADMSG},
		{"1 (a) S -1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7 8\n", -EBADMSG},
		{"1 (a) S 4294967296 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7 8\n", -EBADMSG},
		{"1 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 x 8\n", -EBADMSG},
		{"1 a S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7 8\n", -EBADMSG},
		{"1 )a( S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7 8\n", -EBADMSG},
		{"", -EBADMSG},
	};
	struct pid_stat s;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(pid_stat_parse(over(cases[i].text), &s), cases[i].err);
}

static void worker_names(void **state)
{
	static const char *const cases[][2] = {
		{"kworker/u8:3-events_unbound", "kworker/u8:3"},
		{"kworker/1:0+mm_percpu_wq", "kworker/1:0"},
		{"kworker/R-xfs-log", "kworker/R-xfs-l"},
		{"kworker/u8:3", "kworker/u8:3"},
		{"not-a-worker", "not-a-worker"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[200];
		struct pid_stat s;

		snprintf(text, sizeof(text),
			 "1 (%s) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 20 0 1 0 7 0\n",
			 cases[i][0]);
		assert_int_equal(pid_stat_parse(over(text), &s), 0);
		assert_string_equal(s.comm, cases[i][1]);
	}
}

static void read_status(uint32_t pid, struct pid_status *ret)
{
	static char text[65536];
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "proc/%u/status", pid);
	len = read_file_at(root_fd, path, text, sizeof(text));
	assert_true(len > 0);
	assert_int_equal(pid_status_parse((struct cursor){text, text + len}, ret), 0);
}

static void status_usual(void **state)
{
	struct pid_status s;

	read_status(500, &s);
	assert_int_equal(s.known, BIT(PROC_RSS) | BIT(PROC_ANON) | BIT(PROC_FILE) |
					  BIT(PROC_SHMEM) | BIT(PROC_SWAP) | BIT(PROC_PAGE_TABLE) |
					  BIT(PROC_THREADS));
	assert_int_equal(s.value[PROC_RSS], 3584 * KIB);
	assert_int_equal(s.value[PROC_ANON], 2048 * KIB);
	assert_int_equal(s.value[PROC_FILE], 1024 * KIB);
	assert_int_equal(s.value[PROC_SHMEM], 512 * KIB);
	assert_int_equal(s.value[PROC_SWAP], 64 * KIB);
	assert_int_equal(s.value[PROC_PAGE_TABLE], 80 * KIB);
	assert_int_equal(s.value[PROC_THREADS], 3);
	assert_true(s.has_uid);
	assert_int_equal(s.uid, 1000);

	read_status(2, &s);
	assert_int_equal(s.known, BIT(PROC_THREADS));
}

static void status_nasty(void **state)
{
	struct pid_status s;

	read_status(12, &s); /* RssFile does not fit */
	assert_true(s.value[PROC_ANON] == 18014398509481983ULL * KIB);
	assert_false(s.known & (BIT(PROC_FILE) | BIT(PROC_RSS)));
	read_status(15, &s); /* a later kernel's fields, and RssAnon once more */
	assert_int_equal(s.value[PROC_ANON], 1340 * KIB);
	read_status(18, &s);
	assert_false(s.has_uid);
	read_status(20, &s);
	assert_false(s.known & (BIT(PROC_SWAP) | BIT(PROC_PAGE_TABLE)));
	assert_true(s.known & BIT(PROC_RSS));
	read_status(22, &s); /* behind 21,000 bytes of groups */
	assert_true(s.known & BIT(PROC_RSS));
}

static void status_text(void **state)
{
	struct pid_status s = {.uid = 7};

	assert_int_equal(pid_status_parse(over(""), &s), -EBADMSG);
	assert_int_equal(pid_status_parse(over("\n\nName:\tx\n"), &s), -EBADMSG);
	assert_int_equal(pid_status_parse(over("RssAnon:\t12 kB"), &s), -EBADMSG); /* cut */
	assert_int_equal(s.uid, 7);
	assert_int_equal(pid_status_parse(over("Uid:\t4294967296\nRssAnon:\t12 kB\n"), &s), 0);
	assert_false(s.has_uid);
	assert_int_equal(s.known, BIT(PROC_ANON));
	/* Sums that do not fit are not known. */
	assert_int_equal(pid_status_parse(over("RssAnon: 18014398509481983 kB\nRssFile: 1 kB\n"
					       "RssShmem: 0 kB\n"),
					  &s),
			 0);
	assert_false(s.known & BIT(PROC_RSS));
}

#define APP "1000-2000 r-xp 00000000 fe:00 12   /usr/bin/app\n"
#define HEAP "5000-9000 rw-p 00000000 00:00 0          [heap]\n"
#define LIB "7000000-8000000 r--p 00000000 fe:00 13   /usr/lib/libc.so\n"

static void heap(void **state)
{
	static const struct {
		const char *text;
		bool whole;
		uint64_t start_brk;
		int err;
		uint64_t bytes;
	} cases[] = {
		{APP HEAP LIB, true, 0, 0, 0x4000},
		{APP HEAP LIB, false, 0x5000, 0, 0x4000},
		{APP LIB, true, 0, 0, 0},
		{APP LIB, true, 0x5000, 0, 0},
		{APP LIB, false, 0x5000, 0, 0},	  /* beyond where it would be */
		{APP LIB, false, 0, -ENODATA, 0}, /* it might come yet */
		{APP, false, 0x5000, -ENODATA, 0},
		{APP HEAP, false, 0x5000, -ENODATA, 0}, /* there might be a second part */
		{APP HEAP, true, 0x5000, 0, 0x4000},
		{"", true, 0x5000, -ENODATA, 0}, /* no address space any more */
		{"", false, 0, -ENODATA, 0},
		/* in parts, as after mprotect() */
		{"5000-6000 rw-p 0 00:00 0 [heap]\n6000-7000 r--p 0 00:00 0 [heap]\n" LIB, false,
		 0x5000, 0, 0x2000},
		/* bss below, joined to it without address randomisation */
		{"4000-9000 rw-p 0 00:00 0 [heap]\n", true, 0x5000, 0, 0x4000},
		{"4000-5000 rw-p 0 00:00 0 [heap]\n", true, 0x5000, 0, 0},
		/* only a name that looks like it */
		{"5000-6000 rw-p 0 00:00 9 /tmp/[heap]\n", true, 0, 0, 0},
		{"5000-6000 rw-p 0 00:00 9 [heap] (deleted)\n", true, 0, 0, 0},
		{"5000-6000 rw-p 0 00:00 0 [anon:[heap]]\n", true, 0, 0, 0},
		/* a cut last line does not count unless text is whole */
		{APP "5000-9000 rw-p 00000000 00:00 0          [heap", false, 0x5000, -ENODATA, 0},
		{APP "5000-9000 rw-p 00000000 00:00 0          [he", false, 0x4ff8, -ENODATA, 0},
		{"garbage\n", true, 0, -EBADMSG, 0},
		{"5000 rw-p 0 00:00 0\n", true, 0, -EBADMSG, 0},
		{"6000-5000 rw-p 0 00:00 0\n", true, 0, -EBADMSG, 0},
		{"5000-6000 rw-p 0\n", true, 0, -EBADMSG, 0},
		{"5000-10000000000000000 rw-p 0 00:00 0\n", true, 0, -EBADMSG, 0},
		{LIB APP, true, 0, -EBADMSG, 0}, /* not sorted */
		{"0-ffffffffffffffff rw-p 0 00:00 0 [heap]\n", true, 0, 0, UINT64_MAX},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t bytes = 4711;

		assert_int_equal(pid_heap_parse(over(cases[i].text), cases[i].whole,
						cases[i].start_brk, &bytes),
				 cases[i].err);
		assert_true(bytes == (cases[i].err ? 4711 : cases[i].bytes));
	}
}

static void assert_cgroup(const char *text, const char *expected)
{
	char *path = NULL;

	assert_int_equal(cgroup_parse(over(text), &path), expected ? 0 : -ENOENT);
	if (expected)
		assert_string_equal(path, expected);
	else
		assert_null(path);
	free(path);
}

static void cgroups(void **state)
{
	assert_cgroup("0::/\n", "/");
	assert_cgroup("0::/user.slice/a:b\n", "/user.slice/a:b");
	assert_cgroup("0::/no/newline", "/no/newline");
	assert_cgroup("9:name=systemd:/s\n4:memory:/m\n0::/two\n", "/m");
	assert_cgroup("0::/two\n4:cpu,memory,io:/m\n", "/m");
	assert_cgroup("4:name=memory:/m\n0::/two\n", "/two");
	assert_cgroup("4:memory2,notmemory:/m\n0::/two\n", "/two");
	assert_cgroup("1:cpu:/x\n", NULL);
	assert_cgroup("", NULL);
	assert_cgroup("garbage\n0:\n0::\n::\n0::relative\n", NULL);
	assert_cgroup("garbage\n0::/two\n", "/two");
}

static void cgroup_files(void **state)
{
	char *path = NULL;

	assert_int_equal(cgroup_read(root_fd, 500, &path), 0);
	assert_string_equal(path, "/docker/4f53");
	free(path);
	path = NULL;
	assert_int_equal(cgroup_read(root_fd, 9999, &path), -ESRCH);
	assert_null(path);
}

static void this_process(void **state)
{
	pid_t child = fork();
	struct pid_stat s;

	if (!child) {
		pause();
		_exit(0);
	}
	assert_false(open_tree("/"));
	assert_int_equal(pid_stat_read(root_fd, (uint32_t)child, &s), 0);
	assert_int_equal(s.ppid, getpid());
	assert_int_equal(s.n_threads, 1);
	assert_true(s.start_ticks > 0 && s.vsize > 0 && s.start_brk > 0);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(pid_stat_read(root_fd, (uint32_t)child, &s), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(stat_usual, normal),
		cmocka_unit_test_setup(stat_nasty, nasty),
		cmocka_unit_test_setup(stat_cut, normal),
		cmocka_unit_test(stat_fields),
		cmocka_unit_test(worker_names),
		cmocka_unit_test_setup(status_usual, normal),
		cmocka_unit_test_setup(status_nasty, nasty),
		cmocka_unit_test(status_text),
		cmocka_unit_test(heap),
		cmocka_unit_test(cgroups),
		cmocka_unit_test_setup(cgroup_files, normal),
		cmocka_unit_test(this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
