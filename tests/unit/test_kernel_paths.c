/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/kernel_paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define N 8192u
#define KIB 1024ull

static void test_interval(void **state)
{
	uint64_t before = 0, room = 0;

	(void)state;
	assert_int_equal(kernel_paths_interval(0, N), 256 * KIB);
	assert_int_equal(kernel_paths_interval(N / 2 - 1, N), 256 * KIB);
	assert_int_equal(kernel_paths_interval(N / 2, N), 1024 * KIB);
	assert_int_equal(kernel_paths_interval(N / 2 + N / 4, N), 4096 * KIB);
	/* Never finer when more is taken, and room for 128 GiB of kernel memory. */
	for (uint32_t used = 0; used < N; used++) {
		uint64_t interval = kernel_paths_interval(used, N);

		assert_true(interval >= before);
		before = interval;
		room += interval;
	}
	assert_true(room > 128ull << 30);
	assert_true(kernel_paths_interval(N, N) >= before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
