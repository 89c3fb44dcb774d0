/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "capture.h"
#include "cli/close_stdout.h"

static void test_close_stdout(void **state)
{
	struct capture c;
	FILE *full = fopen("/dev/full", "w"), *null = fopen("/dev/null", "w"), *gone;
	int fds[2];

	assert_non_null(full);
	assert_non_null(null);
	fputs("x", null);
	assert_int_equal(close_stdout(null), 0);

	capture_start(&c, 2);
	fputs("x", full);
	assert_int_equal(close_stdout(full), -ENOSPC);
	assert_string_equal(capture_stop(&c),
			    "memtrace: cannot write to standard output: No space left on device\n");

	/* A failed write that was flushed before is not forgotten. */
	full = fopen("/dev/full", "w");
	capture_start(&c, 2);
	fputs("x", full);
	fflush(full);
	assert_int_not_equal(close_stdout(full), 0);
	assert_non_null(strstr(capture_stop(&c), "cannot write to standard output"));

	assert_int_equal(pipe(fds), 0);
	gone = fdopen(fds[1], "w");
	close(fds[0]);
	capture_start(&c, 2);
	fputs("x", gone);
	assert_int_equal(close_stdout(gone), -EPIPE);
	assert_string_equal(capture_stop(&c), "");

	/* Nor is what was written to it before. */
	assert_int_equal(pipe(fds), 0);
	gone = fdopen(fds[1], "w");
	close(fds[0]);
	capture_start(&c, 2);
	fputs("x", gone);
	fflush(gone);
	assert_int_equal(stdout_failed(gone, -EPIPE, "the report"), -EPIPE);
	assert_int_equal(close_stdout(gone), -EPIPE);
	assert_string_equal(capture_stop(&c), "");

	/* Of a full disk one line says what is missing. */
	full = fopen("/dev/full", "w");
	capture_start(&c, 2);
	fputs("x", full);
	fflush(full);
	fputs("y", full);
	assert_int_equal(stdout_failed(full, -ENOSPC, "the report"), -ENOSPC);
	assert_int_equal(close_stdout(full), 0);
	assert_string_equal(capture_stop(&c),
			    "memtrace: the report could not be written: No space left on device\n");
}

/* Closed from the start (`memtrace >&-`): an error only when there was something to say. */
static void test_close_stdout_that_is_not_open(void **state)
{
	struct capture c;
	FILE *f = fopen("/dev/null", "w");

	close(fileno(f));
	assert_int_equal(close_stdout(f), 0);
	capture_start(&c, 2); /* first: it opens a descriptor, which must not be the closed one */
	f = fopen("/dev/null", "w");
	fputs("x", f);
	close(fileno(f));
	assert_int_equal(close_stdout(f), -EBADF);
	assert_non_null(strstr(capture_stop(&c), "cannot write to standard output"));
}

static int ignore_sigpipe(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_close_stdout),
		cmocka_unit_test(test_close_stdout_that_is_not_open),
	};

	return cmocka_run_group_tests(tests, ignore_sigpipe, NULL);
}
