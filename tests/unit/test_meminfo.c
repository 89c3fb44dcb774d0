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

#include "collect/meminfo.h"

#define KIB 1024ULL

static void parse(struct tick *t, const char *text)
{
	assert_int_equal(meminfo_parse((struct cursor){text, text + strlen(text)}, t), 0);
}

static int read_tree(const char *root, struct tick *t)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY), err;

	assert_true(fd >= 0);
	err = meminfo_read(fd, t);
	close(fd);
	return err;
}

static void usual(void **state)
{
	struct tick t = {0};
	uint64_t value = 1;

	assert_int_equal(read_tree("tests/fixtures/proc/normal", &t), 0);
	assert_int_equal(t.meminfo.n, 13);
	assert_string_equal(t.meminfo.v[0].name, "MemTotal");
	assert_int_equal(t.meminfo.v[0].bytes, 3912344 * KIB);
	assert_false(t.meminfo.v[0].is_count);
	assert_string_equal(t.meminfo.v[6].name, "Active(anon)");
	assert_string_equal(t.meminfo.v[9].name, "HugePages_Total");
	assert_int_equal(t.meminfo.v[9].bytes, 2);
	assert_true(t.meminfo.v[9].is_count);

	assert_int_equal(meminfo_find(t.meminfo.v, t.meminfo.n, "MemAvailable", &value), 0);
	assert_int_equal(value, 2911116 * KIB);
	assert_int_equal(meminfo_find(t.meminfo.v, t.meminfo.n, "MemAvail", &value), -ENOENT);
	assert_int_equal(meminfo_find(NULL, 0, "MemTotal", &value), -ENOENT);
	assert_int_equal(value, 2911116 * KIB);
	tick__free(&t);
}

static void nasty(void **state)
{
	static const struct meminfo_line expected[] = {
		{"MemTotal", 3912344 * KIB, false}, {"Most", 18014398509481983ULL * KIB, false},
		{"Count64", UINT64_MAX, true},	    {"Future_Field", 7 * KIB, false},
		{"MemTotal", 1 * KIB, false},
	};
	struct tick t = {0};

	assert_int_equal(read_tree("tests/fixtures/proc/nasty", &t), 0);
	assert_int_equal(t.meminfo.n, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < t.meminfo.n; i++) {
		assert_string_equal(t.meminfo.v[i].name, expected[i].name);
		assert_true(t.meminfo.v[i].bytes == expected[i].bytes);
		assert_int_equal(t.meminfo.v[i].is_count, expected[i].is_count);
	}
	tick__free(&t);
}

static void name_lengths(void **state)
{
	struct tick t = {0};

	parse(&t, "1234567890123456789012345678901: 1 kB\n"
		  "12345678901234567890123456789012: 1 kB\n");
	assert_int_equal(t.meminfo.n, 1);
	assert_int_equal(strlen(t.meminfo.v[0].name), 31);
	tick__free(&t);
}

/* Half a number at the end of a cut text would be a wrong value, not a missing one. */
static void cut(void **state)
{
	static const char text[] = "MemTotal: 3912344 kB\nMemFree: 812340 kB\n";
	struct tick t = {0};

	for (size_t len = 0; len < sizeof(text); len++) {
		size_t n = len < 21 ? 0 : len < sizeof(text) - 1 ? 1 : 2;

		tick__clear(&t);
		assert_int_equal(meminfo_parse((struct cursor){text, text + len}, &t), 0);
		assert_int_equal(t.meminfo.n, n);
	}
	tick__free(&t);
}

static void missing(void **state)
{
	struct tick t = {0};

	assert_int_equal(read_tree("tests/fixtures", &t), -ENOENT);
	assert_int_equal(t.meminfo.n, 0);
	parse(&t, "");
	parse(&t, "\n\n:\n");
	assert_int_equal(t.meminfo.n, 0);
	tick__free(&t);
}

static void this_machine(void **state)
{
	struct tick t = {0};
	uint64_t total, available;

	assert_int_equal(read_tree("/", &t), 0);
	assert_int_equal(meminfo_find(t.meminfo.v, t.meminfo.n, "MemTotal", &total), 0);
	assert_int_equal(meminfo_find(t.meminfo.v, t.meminfo.n, "MemAvailable", &available), 0);
	assert_true(available < total);
	assert_true(total <= (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
	tick__free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual), cmocka_unit_test(nasty),   cmocka_unit_test(name_lengths),
		cmocka_unit_test(cut),	 cmocka_unit_test(missing), cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
