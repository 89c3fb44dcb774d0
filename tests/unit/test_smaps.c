/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "collect/pid.h"
#include "collect/smaps.h"

#define KIB 1024ULL

static int parse(const char *text, struct smaps_sample *ret)
{
	return smaps_rollup_parse((struct cursor){text, text + strlen(text)}, ret);
}

static int read_tree(const char *root, uint32_t pid, uint64_t start, struct smaps_sample *ret)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY), err;

	assert_true(fd >= 0);
	err = smaps_rollup_read(fd, (struct proc_id){pid, start}, ret);
	close(fd);
	return err;
}

static void assert_rollup(const struct smaps_sample *s)
{
	assert_int_equal(s->rss, 3584 * KIB);
	assert_int_equal(s->pss, 2339 * KIB);
	assert_int_equal(s->pss_anon, 2048 * KIB);
	assert_int_equal(s->pss_file, 227 * KIB);
	assert_int_equal(s->pss_shmem, 64 * KIB);
	assert_int_equal(s->private_clean, 48 * KIB);
	assert_int_equal(s->private_dirty, 2112 * KIB);
	assert_int_equal(s->swap, 64 * KIB);
	assert_int_equal(s->swap_pss, 32 * KIB);
	assert_int_equal(s->anon_huge, 2048 * KIB);
}

static void usual(void **state)
{
	struct smaps_sample s = {0};

	assert_int_equal(read_tree("tests/fixtures/proc/normal", 500, 54321, &s), 0);
	assert_rollup(&s);
	assert_int_equal(s.id.pid, 500);
	assert_int_equal(s.id.start_ticks, 54321);
}

static void future_and_double_fields(void **state)
{
	struct smaps_sample s = {0};

	assert_int_equal(read_tree("tests/fixtures/proc/nasty", 15, 150, &s), 0);
	assert_rollup(&s);
}

static void refused(void **state)
{
	struct smaps_sample s = {.rss = 1};

	assert_int_equal(parse("", &s), -EBADMSG);
	assert_int_equal(parse("Rss: 1 kB\n", &s), -EBADMSG);
	assert_int_equal(parse("Pss: 1 kB\n", &s), -EBADMSG);
	assert_int_equal(parse("Rss: 1 kB\nPss: 1\n", &s), -EBADMSG);
	assert_int_equal(parse("Rss: 1 kB\nPss: 1 k", &s), -EBADMSG);
	assert_int_equal(parse("Rss: 1 kB\nPss: x kB\n", &s), -EBADMSG);
	assert_int_equal(parse("Rss: 1 kB\nPss: -1 kB\n", &s), -EBADMSG);
	assert_int_equal(parse("Rss: 1 kB\nPss: 18014398509481984 kB\n", &s), -EBADMSG);
	assert_int_equal(parse("Rss: 1 kB\nPss: 1 kB\nSwap: 1 MB\n", &s), -EBADMSG);
	assert_int_equal(read_tree("tests/fixtures/proc/nasty", 10, 100, &s), -EBADMSG);
	assert_int_equal(read_tree("tests/fixtures/proc/nasty", 12, UINT64_MAX, &s), -EBADMSG);
	assert_int_equal(s.rss, 1);
	assert_int_equal(parse("Rss: 2 kB\nPss: 1 kB\n", &s), 0);
	assert_int_equal(s.rss, 2 * KIB);
}

static void another_process(void **state)
{
	struct smaps_sample s = {.rss = 1};

	assert_int_equal(read_tree("tests/fixtures/proc/normal", 500, 54322, &s), -ESRCH);
	assert_int_equal(read_tree("tests/fixtures/proc/normal", 501, 1, &s), -ESRCH);
	/* There, but without the file: a kernel without CONFIG_PROC_PAGE_MONITOR. */
	assert_int_equal(read_tree("tests/fixtures/proc/normal", 1, 30, &s), -ENOENT);
	assert_int_equal(s.rss, 1);
}

static void this_process(void **state)
{
	int root = open("/", O_RDONLY | O_DIRECTORY);
	struct smaps_sample s = {0};
	struct pid_stat stat;

	assert_int_equal(pid_stat_read(root, (uint32_t)getpid(), &stat), 0);
	close(root);
	assert_int_equal(read_tree("/", (uint32_t)getpid(), stat.start_ticks, &s), 0);
	assert_true(s.pss > 0 && s.pss <= s.rss);
	assert_true(s.private_dirty > 0);
	assert_int_equal(read_tree("/", (uint32_t)getpid(), stat.start_ticks + 1, &s), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual),	cmocka_unit_test(future_and_double_fields),
		cmocka_unit_test(refused),	cmocka_unit_test(another_process),
		cmocka_unit_test(this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
