/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cli/progress.h"

#define MS 1000000ull
#define S (1000 * MS)
#define ERASED "\r\033[K"

static const struct progress_state at_5_of_60 = {
	.elapsed_ns = 5 * S, .duration_ns = 60 * S, .n_samples = 2, .n_watched = 3};

struct terminal {
	int master, slave;
	char text[4096];
};

static int open_terminal(void **state)
{
	struct terminal *t = calloc(1, sizeof(*t));
	struct winsize size = {.ws_row = 25, .ws_col = 80};

	setenv("TERM", "vt220", 1);
	if (!t)
		return -1;
	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (t->master < 0 || grantpt(t->master) || unlockpt(t->master))
		return -1;
	t->slave = open(ptsname(t->master), O_RDWR | O_NOCTTY);
	*state = t;
	return t->slave < 0 || ioctl(t->slave, TIOCSWINSZ, &size);
}

static int close_terminal(void **state)
{
	struct terminal *t = *state;

	close(t->master);
	close(t->slave);
	free(t);
	return 0;
}

/* What was drawn since the last call. */
static const char *drawn(struct terminal *t)
{
	ssize_t n = read(t->master, t->text, sizeof(t->text) - 1);

	t->text[n < 0 ? 0 : n] = '\0';
	return t->text;
}

static void test_text(void **state)
{
	char text[PROGRESS_SIZE];
	struct progress_state s = at_5_of_60;

	assert_string_equal(progress_text(text, &s, 200),
			    "memtrace: 0:55 left, 2 samples, 3 processes watched");
	s.n_samples = s.n_watched = 1;
	s.elapsed_ns = 59 * S + 1;
	assert_string_equal(progress_text(text, &s, 200),
			    "memtrace: 0:01 left, 1 sample, 1 process watched");
	s.elapsed_ns = 60 * S;
	assert_string_equal(progress_text(text, &s, 200),
			    "memtrace: 0:00 left, 1 sample, 1 process watched");
	s.elapsed_ns = 1000 * S; /* late */
	assert_string_equal(progress_text(text, &s, 200),
			    "memtrace: 0:00 left, 1 sample, 1 process watched");
	s.duration_ns = 0;
	s.elapsed_ns = 26 * 3600 * S + 3 * 60 * S + 9 * S;
	s.n_watched = 0;
	assert_string_equal(progress_text(text, &s, 200),
			    "memtrace: 26:03:09 so far, 1 sample, 0 processes watched");
	assert_string_equal(progress_text(text, &s, 12), "memtrace: 26");
	assert_string_equal(progress_text(text, &s, 0), "");
}

/* The longest there can be still ends in a NUL. */
static void test_text_of_large_numbers(void **state)
{
	const struct progress_state s = {
		.elapsed_ns = UINT64_MAX, .n_samples = UINT64_MAX, .n_watched = UINT32_MAX};
	char text[PROGRESS_SIZE];

	progress_text(text, &s, 200);
	assert_true(strlen(text) < PROGRESS_SIZE);
	assert_non_null(strstr(text, "4294967295 processes watched"));
}

static void test_draws_and_erases(void **state)
{
	struct terminal *t = *state;
	struct progress p;

	progress__init(&p, t->slave, false);
	progress__erase(&p); /* nothing there yet */
	assert_string_equal(drawn(t), "");
	progress__update(&p, &at_5_of_60, 100 * S);
	assert_string_equal(drawn(t), ERASED "memtrace: 0:55 left, 2 samples, 3 processes watched");
	progress__erase(&p);
	assert_string_equal(drawn(t), ERASED);
	progress__erase(&p);
	assert_string_equal(drawn(t), "");
}

static void test_rate(void **state)
{
	struct terminal *t = *state;
	struct progress p;

	progress__init(&p, t->slave, false);
	progress__update(&p, &at_5_of_60, 0); /* a clock may start at zero */
	assert_string_not_equal(drawn(t), "");
	progress__update(&p, &at_5_of_60, 0);
	progress__update(&p, &at_5_of_60, 249 * MS);
	assert_string_equal(drawn(t), "");
	progress__update(&p, &at_5_of_60, 250 * MS);
	assert_string_not_equal(drawn(t), "");
	progress__erase(&p);
	drawn(t);
	progress__update(&p, &at_5_of_60, 260 * MS); /* after an erase at once */
	assert_string_not_equal(drawn(t), "");
}

static void test_width(void **state)
{
	struct terminal *t = *state;
	struct winsize size = {.ws_row = 25, .ws_col = 20};
	struct progress p;

	ioctl(t->slave, TIOCSWINSZ, &size);
	progress__init(&p, t->slave, false);
	progress__update(&p, &at_5_of_60, 0);
	assert_string_equal(drawn(t), ERASED "memtrace: 0:55 left"); /* 19 of 20 */
	size.ws_col = 0; /* a serial line that does not know: 80 */
	ioctl(t->slave, TIOCSWINSZ, &size);
	progress__update(&p, &at_5_of_60, S);
	assert_non_null(strstr(drawn(t), "3 processes watched"));
}

static void assert_silent(struct terminal *t, int fd, bool quiet)
{
	struct progress p;

	progress__init(&p, fd, quiet);
	progress__update(&p, &at_5_of_60, S);
	progress__erase(&p);
	assert_string_equal(drawn(t), "");
}

static void test_silence(void **state)
{
	struct terminal *t = *state;
	int fds[2];
	char c;

	assert_silent(t, t->slave, true);
	setenv("TERM", "dumb", 1);
	assert_silent(t, t->slave, false);
	unsetenv("TERM");
	assert_silent(t, t->slave, false);
	setenv("TERM", "vt220", 1);

	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	assert_silent(t, fds[1], false);
	assert_int_equal(read(fds[0], &c, 1), -1);
	close(fds[0]);
	close(fds[1]);
	assert_silent(t, -1, false);
}

/* Ctrl-S: a write would wait for as long as somebody forgets the terminal. */
static void test_stopped_terminal(void **state)
{
	struct terminal *t = *state;
	struct progress p;

	progress__init(&p, t->slave, false);
	progress__update(&p, &at_5_of_60, 0);
	drawn(t);
	assert_int_equal(tcflow(t->slave, TCOOFF), 0);
	progress__update(&p, &at_5_of_60, S);
	progress__erase(&p);
	assert_int_equal(tcflow(t->slave, TCOON), 0);
	assert_string_equal(drawn(t), "");
	progress__erase(&p); /* still to do */
	assert_string_equal(drawn(t), ERASED);
}

/* Draws from a process group that is, or is not, the terminal's foreground one. */
static void draw_from_session(const struct terminal *t, bool background)
{
	int status;
	pid_t leader = fork();

	assert_true(leader >= 0);
	if (!leader) {
		struct progress p;
		pid_t child;

		if (setsid() < 0 || ioctl(t->slave, TIOCSCTTY, 0))
			_exit(2);
		child = fork();
		if (child) {
			waitpid(child, &status, 0);
			_exit(WEXITSTATUS(status));
		}
		if (background && setpgid(0, 0))
			_exit(3);
		progress__init(&p, t->slave, false);
		progress__update(&p, &at_5_of_60, 0);
		_exit(0);
	}
	assert_int_equal(waitpid(leader, &status, 0), leader);
	assert_int_equal(status, 0);
}

static void test_background_job(void **state)
{
	struct terminal *t = *state;

	draw_from_session(t, true);
	assert_string_equal(drawn(t), "");
}

static void test_foreground_job(void **state)
{
	struct terminal *t = *state;

	draw_from_session(t, false);
	assert_string_not_equal(drawn(t), "");
}

static void test_terminal_that_went_away(void **state)
{
	struct terminal *t = *state;
	struct progress p;

	progress__init(&p, t->slave, false);
	close(t->master);
	t->master = -1;
	progress__update(&p, &at_5_of_60, 0);
	progress__update(&p, &at_5_of_60, S);
	progress__erase(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_of_large_numbers),
		cmocka_unit_test_setup_teardown(test_draws_and_erases, open_terminal,
						close_terminal),
		cmocka_unit_test_setup_teardown(test_rate, open_terminal, close_terminal),
		cmocka_unit_test_setup_teardown(test_width, open_terminal, close_terminal),
		cmocka_unit_test_setup_teardown(test_silence, open_terminal, close_terminal),
		cmocka_unit_test_setup_teardown(test_stopped_terminal, open_terminal,
						close_terminal),
		cmocka_unit_test_setup_teardown(test_background_job, open_terminal, close_terminal),
		cmocka_unit_test_setup_teardown(test_foreground_job, open_terminal, close_terminal),
		cmocka_unit_test_setup_teardown(test_terminal_that_went_away, open_terminal,
						close_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
