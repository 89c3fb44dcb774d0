/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mappings' text; the rest needs the kernel's tables: tests/e2e. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "collect/ownership.h"

static struct cursor text(const char *s)
{
	return (struct cursor){s, s + strlen(s)};
}

static void reads_mappings_in_order(void **state)
{
	struct cursor c = text("00400000-00401000 r--p 00000000 fe:00 1 /bin/x\n"
			       "7ffc0000-7ffd0000 rw-p 0 0:0 0 [stack]\n"
			       "ffffffffff600000-ffffffffff601000 --xp 0 0:0 0 [vsyscall]\n");
	uint64_t start, end;

	(void)state;
	assert_int_equal(maps_next(&c, &start, &end), 0);
	assert_int_equal(start, 0x400000);
	assert_int_equal(end, 0x401000);
	assert_int_equal(maps_next(&c, &start, &end), 0);
	assert_int_equal(start, 0x7ffc0000);
	assert_int_equal(maps_next(&c, &start, &end), 0);
	assert_true(start == 0xffffffffff600000 && end == 0xffffffffff601000);
	assert_int_equal(maps_next(&c, &start, &end), -ENODATA);
}

static void skips_what_is_no_mapping(void **state)
{
	/* A file name can hold a newline and look like anything. */
	struct cursor c = text("x\n-1000 r\n1000-1000 r\n2000-1000 r\n1000\n1000-2000\n"
			       "11111111111111111-2 r\n1000-G000 r\n3000-4000 r--p\n5000-6");
	uint64_t start = 7, end = 7;

	(void)state;
	assert_int_equal(maps_next(&c, &start, &end), 0);
	assert_int_equal(start, 0x3000);
	assert_int_equal(end, 0x4000);
	assert_int_equal(maps_next(&c, &start, &end), -ENODATA);
	assert_int_equal(start, 0x3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_mappings_in_order),
		cmocka_unit_test(skips_what_is_no_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
