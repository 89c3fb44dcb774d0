/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "collect/bpf_objects.h"

static uint64_t map_bytes(uint32_t type, uint32_t key, uint32_t value, uint32_t entries)
{
	const struct mt_bpf_object o = {.is_map = 1,
					.type = type,
					.key_bytes = key,
					.value_bytes = value,
					.max_entries = entries};

	return bpf_object_bytes(&o, 4096, 4);
}

static void bytes_of_maps(void **state)
{
	assert_int_equal(map_bytes(1, 4, 8, 1000), 16384); /* hash: 16 bytes each, in pages */
	assert_int_equal(map_bytes(2, 4, 4096, 4096), 4104 * 4096);
	assert_int_equal(map_bytes(6, 4, 4, 100), 4096); /* per CPU: 4 + 4 * 8 bytes each */
	assert_int_equal(map_bytes(5, 4, 4, 1000), 40960);
	assert_int_equal(map_bytes(27, 0, 0, 1 << 20), (1 << 20) + 4 * 4096);
	assert_int_equal(map_bytes(1, 4, 0, 0), 0);
	assert_true(map_bytes(6, UINT32_MAX, UINT32_MAX, UINT32_MAX) == UINT64_MAX);
}

static void bytes_of_programs(void **state)
{
	const struct mt_bpf_object o = {.n_pages = 3, .max_entries = 99, .value_bytes = 99};

	assert_int_equal(bpf_object_bytes(&o, 65536, 4), 3 * 65536);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_of_maps),
		cmocka_unit_test(bytes_of_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
