/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What power loss can cost: how often the session waits for the disk. */
#include "session_help.h"

static unsigned int n_syncs;

/* SQLite's own calls come here, since the program's names come before the C library's. */
int fdatasync(int fd)
{
	n_syncs += fcntl(fd, F_GETFD) >= 0;
	return 0;
}

int fsync(int fd)
{
	return fdatasync(fd);
}

static unsigned int syncs_of(struct session *s, uint64_t seq, uint64_t mono_ns)
{
	struct tick t = {.seq = seq, .time_ns = mono_ns, .mono_ns = mono_ns};

	n_syncs = 0;
	assert_int_equal(session__write(s, &t), 0);
	tick__free(&t);
	return n_syncs;
}

static void slow_ticks_are_on_the_disk_each(void **state)
{
	struct session *s = create(*state, 0);

	for (uint64_t i = 1; i <= 5; i++)
		assert_true(syncs_of(s, i, i * 5 * SAMPLE_NS_PER_S) > 0);
	session__close(s);
}

static void fast_ticks_do_not_wait(void **state)
{
	struct session *s = create(*state, 0);
	unsigned int n_waited = 0;

	syncs_of(s, 0, 100 * SAMPLE_NS_PER_S);
	for (uint64_t i = 1; i <= 40; i++)
		n_waited += syncs_of(s, i, 100 * SAMPLE_NS_PER_S + i * SAMPLE_NS_PER_S / 10) > 0;
	/* once in four seconds, and once for the WAL's header after it was written back */
	assert_in_range(n_waited, 1, 2);
	session__close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(slow_ticks_are_on_the_disk_each, setup, teardown),
		cmocka_unit_test_setup_teardown(fast_ticks_do_not_wait, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
