/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static char captured[16384];

/* stderr goes to a file between these two. */
static int saved_stderr = -1;
static FILE *sink;

static void capture_start(void)
{
	sink = tmpfile();
	assert_non_null(sink);
	fflush(stderr);
	saved_stderr = dup(STDERR_FILENO);
	assert_true(saved_stderr >= 0);
	assert_true(dup2(fileno(sink), STDERR_FILENO) >= 0);
}

static const char *capture_end(void)
{
	size_t n;

	fflush(stderr);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	rewind(sink);
	n = fread(captured, 1, sizeof(captured) - 1, sink);
	captured[n] = '\0';
	fclose(sink);
	return captured;
}

static int reset(void **state)
{
	log_set_level(LOG_INFO);
	return 0;
}

static void levels(void **state)
{
	assert_int_equal(log_set_level(LOG_WARNING), LOG_INFO);
	assert_int_equal(log_get_level(), LOG_WARNING);
	capture_start();
	log_error("a %d", 1);
	log_warning("b");
	log_info("c");
	log_debug("d");
	log_print(LOG_TRACE, "e");
	assert_string_equal(capture_end(), "memtrace: a 1\nmemtrace: warning: b\n");
	assert_int_equal(log_set_level(LOG_TRACE), LOG_WARNING);
	capture_start();
	log_info("c");
	log_debug("d");
	log_print(LOG_TRACE, "e");
	assert_string_equal(capture_end(), "memtrace: c\nmemtrace: debug: d\nmemtrace: trace: e\n");
}

static void errno_forms(void **state)
{
	capture_start();
	errno = EBUSY;
	assert_int_equal(log_error_errno(ENOENT, "cannot open %s", "x"), -ENOENT);
	assert_int_equal(log_error_errno(-ENOENT, "cannot open %s", "x"), -ENOENT);
	assert_int_equal(log_debug_errno(-EPERM, "hidden"), -EPERM);
	assert_string_equal(capture_end(), "memtrace: cannot open x: No such file or directory\n"
					   "memtrace: cannot open x: No such file or directory\n");
	assert_int_equal(errno, EBUSY);
}

static void errno_survives_a_failed_write(void **state)
{
	int old = dup(STDERR_FILENO), bad = open("/dev/null", O_RDONLY);

	assert_true(dup2(bad, STDERR_FILENO) >= 0);
	errno = EBUSY;
	log_error("to nowhere");
	assert_int_equal(errno, EBUSY);
	dup2(old, STDERR_FILENO);
	close(old);
	close(bad);
}

static void one_message_cannot_look_like_two(void **state)
{
	capture_start();
	log_info("comm x\nmemtrace: forged\n\x1b[2Jend\n\n");
	assert_string_equal(
		capture_end(),
		"memtrace: comm x\nmemtrace: | memtrace: forged\nmemtrace: | \\x1b[2Jend\n");
}

static void empty_message_is_one_line(void **state)
{
	const char *none = "";

	capture_start();
	log_info("%s", none);
	assert_string_equal(capture_end(), "memtrace: \n");
}

static void long_messages(void **state)
{
	static char text[9000];

	/* Nine lines of 999 characters: longer than any buffer on the stack. */
	memset(text, 'y', sizeof(text) - 1);
	for (size_t i = 999; i < sizeof(text) - 1; i += 1000)
		text[i] = '\n';
	capture_start();
	log_info("%s", text);
	assert_int_equal(strlen(capture_end()),
			 strlen(text) + 1 + 9 * strlen("memtrace: ") + 8 * 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(levels, reset),
		cmocka_unit_test_setup(errno_forms, reset),
		cmocka_unit_test_setup(errno_survives_a_failed_write, reset),
		cmocka_unit_test_setup(one_message_cannot_look_like_two, reset),
		cmocka_unit_test_setup(empty_message_is_one_line, reset),
		cmocka_unit_test_setup(long_messages, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
