/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "collect/proc_maps.h"

static struct cursor text(const char *s)
{
	return (struct cursor){s, s + strlen(s)};
}

static void a_line_in_full(void **state)
{
	struct cursor c = text("55d0c0001000-55d0c0002000 r-xp 00001000 fe:01 1234 /usr/bin/a b\n");
	struct map_line m;

	assert_int_equal(proc_maps_next(&c, &m), 0);
	assert_int_equal(m.start, 0x55d0c0001000);
	assert_int_equal(m.end, 0x55d0c0002000);
	assert_int_equal(m.offset, 0x1000);
	assert_int_equal(m.dev, 0xfeull << 32 | 1);
	assert_int_equal(m.inode, 1234);
	assert_true(m.exec);
	assert_true(cursor_is(m.path, "/usr/bin/a b"));
	assert_int_equal(proc_maps_next(&c, &m), -ENODATA);
}

static void lines_without_a_file_and_broken_ones(void **state)
{
	struct cursor c = text("nonsense\n1000-2000 rw-p\n3000-2000 r-xp 0 0:0 0 \n"
			       "7000-8000 rw-p 00000000 00:00 0 \n"
			       "9000-a000 r-xp 00000000 00:00 0                  [vdso]\n");
	struct map_line m;

	assert_int_equal(proc_maps_next(&c, &m), 0);
	assert_int_equal(m.start, 0x7000);
	assert_false(m.exec);
	assert_true(m.path.p == m.path.end);
	assert_int_equal(proc_maps_next(&c, &m), 0);
	assert_true(cursor_is(m.path, "[vdso]"));
	assert_int_equal(proc_maps_next(&c, &m), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_in_full),
		cmocka_unit_test(lines_without_a_file_and_broken_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
