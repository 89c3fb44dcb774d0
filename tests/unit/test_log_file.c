/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/log_file.h"

struct place {
	char path[64];
	int dirfd;
	struct log_file log;
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	struct strbuf head = {};

	log_set_level(LOG_ERROR);
	if (!p)
		return -1;
	snprintf(p->path, sizeof(p->path), "/tmp/test_log_file.XXXXXX");
	if (!mkdtemp(p->path))
		return -1;
	p->dirfd = open(p->path, O_RDONLY | O_DIRECTORY);
	strbuf_addf(&head, "# head\n");
	*state = p;
	if (log_file__create(&p->log, p->dirfd, "a.log", 64))
		return -1;
	log_file__set_head(&p->log, &head);
	return 0;
}

static int remove_place(void **state)
{
	static const char *const names[] = {"a.log", "a.log.1", "moved", "target"};
	struct place *p = *state;

	log_file__close(&p->log);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlinkat(p->dirfd, names[i], 0);
	close(p->dirfd);
	rmdir(p->path);
	free(p);
	return 0;
}

static void add(struct place *p, const char *text)
{
	log_file__append(&p->log, text, strlen(text));
}

static void assert_file(struct place *p, const char *name, const char *want)
{
	char text[512];

	assert_true(read_file_at(p->dirfd, name, text, sizeof(text)) >= 0);
	assert_string_equal(text, want);
}

static void head_comes_first_once(void **state)
{
	struct place *p = *state;
	struct stat st;

	add(p, "one\n");
	add(p, "two\n");
	assert_file(p, "a.log", "# head\none\ntwo\n");
	assert_int_equal(fstatat(p->dirfd, "a.log", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

static void rotates_at_its_limit(void **state)
{
	struct place *p = *state;
	const char *line = "0123456789012345678901234567\n"; /* 29 bytes; 64 hold head and one */

	add(p, line);
	add(p, line);
	assert_int_equal(p->log.n_rotated, 1);
	add(p, line);
	assert_int_equal(p->log.n_rotated, 2);
	assert_file(p, "a.log", "# head\n0123456789012345678901234567\n");
	assert_file(p, "a.log.1", "# head\n0123456789012345678901234567\n");
	assert_int_equal(p->log.n_lost, 0);
}

static void renamed_by_others(void **state)
{
	struct place *p = *state;

	add(p, "one\n");
	assert_int_equal(renameat(p->dirfd, "a.log", p->dirfd, "moved"), 0);
	add(p, "two\n"); /* not told yet */
	log_file__reopen(&p->log);
	add(p, "three\n");
	assert_file(p, "moved", "# head\none\ntwo\n");
	assert_file(p, "a.log", "# head\nthree\n");
	log_file__reopen(&p->log); /* still there: goes on */
	add(p, "four\n");
	assert_file(p, "a.log", "# head\nthree\nfour\n");
}

static void removed_or_truncated(void **state)
{
	struct place *p = *state;

	add(p, "one\n");
	assert_int_equal(unlinkat(p->dirfd, "a.log", 0), 0);
	add(p, "two\n");
	assert_file(p, "a.log", "# head\ntwo\n");
	assert_int_equal(ftruncate(p->log.fd, 0), 0); /* copytruncate */
	add(p, "three\n");
	assert_file(p, "a.log", "# head\nthree\n");
}

static void planted_link(void **state)
{
	struct place *p = *state;
	_cleanup_close_ int target = create_file_at(p->dirfd, "target");

	add(p, "one\n");
	assert_int_equal(unlinkat(p->dirfd, "a.log", 0), 0);
	assert_int_equal(symlinkat("target", p->dirfd, "a.log"), 0);
	log_set_level(LOG_ERROR);
	add(p, "two\n");
	assert_file(p, "target", "");
	assert_int_equal(p->log.n_lost, 1);
	assert_true(target >= 0);
}

/* A file size limit fails as a full disk does: part of a block, then an error. */
static void full_disk(void **state)
{
	struct place *p = *state;
	struct rlimit old, small = {.rlim_cur = 20, .rlim_max = RLIM_INFINITY};

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	add(p, "one\n"); /* 11 bytes with the head */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	add(p, "a long one\n");
	add(p, "a long one\n");
	setrlimit(RLIMIT_FSIZE, &old);
	assert_file(p, "a.log", "# head\none\n");
	assert_int_equal(p->log.n_lost, 2);
	assert_int_equal(p->log.lost_bytes, 22);
	add(p, "two\n");
	assert_file(p, "a.log", "# head\none\ntwo\n");
	assert_int_equal(p->log.n_lost, 2);
}

#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(head_comes_first_once), IN_PLACE(rotates_at_its_limit),
		IN_PLACE(renamed_by_others),	 IN_PLACE(removed_or_truncated),
		IN_PLACE(planted_link),		 IN_PLACE(full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
