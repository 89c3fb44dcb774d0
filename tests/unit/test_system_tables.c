/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/cleanup.h"
#include "collect/file_nr.h"
#include "collect/slabinfo.h"
#include "collect/swaps.h"
#include "collect/zram.h"
#include "fixture.h"

#define KIB 1024ULL
#define _cleanup_sample_ _cleanup_(system_sample__free)

static void test_swaps(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/made");
	_cleanup_sample_ struct system_sample s = {0};

	assert_int_equal(swaps_read(root, &s), 0);
	assert_int_equal(s.swaps.n, 5);
	assert_string_equal(s.swaps.v[0].path, "/dev/sda2");
	assert_false(s.swaps.v[0].is_file);
	assert_int_equal(s.swaps.v[0].size, 8388604 * KIB);
	assert_int_equal(s.swaps.v[0].used, 1048576 * KIB);
	assert_int_equal(s.swaps.v[0].priority, -2);
	assert_string_equal(s.swaps.v[1].path, "/var/my swap\tfile");
	assert_true(s.swaps.v[1].is_file);
	assert_int_equal(s.swaps.v[1].priority, 10);
	assert_string_equal(s.swaps.v[3].path, "/swap (deleted)");
	assert_string_equal(s.swaps.v[4].path, "/dev/future");
}

static void test_no_swap(void **state)
{
	_cleanup_close_ int none = open_root("tests/fixtures/system/captured");
	_cleanup_close_ int without = open_root("tests/fixtures/system/v2");
	_cleanup_sample_ struct system_sample s = {0};

	assert_int_equal(swaps_read(none, &s), 0);
	assert_int_equal(s.swaps.n, 0);
	assert_int_equal(swaps_read(without, &s), -ENOENT);
	assert_int_equal(swaps_parse(text_of("x y\n/a file 1 1 1\n"), &s), -EBADMSG);
	assert_int_equal(swaps_parse(text_of("Filename\n/a file 1 1 1"), &s), 0); /* cut */
	assert_int_equal(s.swaps.n, 0);
}

static void test_swap_path_is_cut(void **state)
{
	_cleanup_sample_ struct system_sample s = {0};
	char text[1200] = "Filename\n/";
	size_t len = strlen(text);

	memset(text + len, 'a', 1000);
	strcpy(text + len + 1000, " file 1 1 1\n");
	assert_int_equal(swaps_parse(text_of(text), &s), 0);
	assert_int_equal(s.swaps.n, 1);
	assert_int_equal(strlen(s.swaps.v[0].path), sizeof(s.swaps.v[0].path) - 1);
}

static void test_slabs(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/made");
	_cleanup_sample_ struct system_sample s = {0};
	const struct slab_cache *c;

	assert_int_equal(slabinfo_read(root, &s), 0);
	assert_int_equal(s.slabs.n, 3);
	c = &s.slabs.v[0];
	assert_string_equal(c->name, "dentry");
	assert_int_equal(c->active_objects, 193410);
	assert_int_equal(c->objects, 200004);
	assert_int_equal(c->object_size, 192);
	assert_int_equal(c->objects_per_slab, 42);
	assert_int_equal(c->pages_per_slab, 2);
	assert_int_equal(c->slabs, 4762);
	assert_string_equal(s.slabs.v[2].name, "a:0000032(1:some.service)");
}

static void test_slabs_captured(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/captured");
	_cleanup_sample_ struct system_sample s = {0};
	size_t pages = 0;

	assert_int_equal(slabinfo_read(root, &s), 0);
	assert_true(s.slabs.n > 100);
	vec_for_each(c, &s.slabs) {
		assert_true(c->active_objects <= c->objects);
		pages += c->slabs * c->pages_per_slab;
	}
	assert_true(pages > 1000);
	assert_int_equal(slabinfo_parse(text_of("slabinfo - version: 1.1\na 1 2 3 4 5\n"), &s),
			 -EBADMSG);
	assert_int_equal(slabinfo_parse(text_of(""), &s), -EBADMSG);
}

static void test_zram(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/made");
	_cleanup_close_ int none = open_root("tests/fixtures/system/v2");
	_cleanup_sample_ struct system_sample s = {0};

	assert_int_equal(zram_read(root, &s), 0);
	assert_int_equal(s.zrams.n, 2); /* zram0 is not set up */
	assert_int_equal(s.zrams.v[0].index, 1);
	assert_false(s.zrams.v[0].has_huge);
	assert_int_equal(s.zrams.v[1].index, 12);
	assert_int_equal(s.zrams.v[1].disk_size, 4294967296);
	assert_int_equal(s.zrams.v[1].original, 8589934);
	assert_int_equal(s.zrams.v[1].compressed, 2147483);
	assert_int_equal(s.zrams.v[1].used, 2621440);
	assert_int_equal(s.zrams.v[1].limit, 104857600);
	assert_int_equal(s.zrams.v[1].used_max, 5242880);
	assert_int_equal(s.zrams.v[1].same_pages, 17);
	assert_true(s.zrams.v[1].has_huge);
	assert_int_equal(s.zrams.v[1].huge_pages, 42);
	assert_int_equal(zram_read(none, &s), -ENOENT);
}

static void test_zram_line(void **state)
{
	struct zram_device d = {.index = 3, .used = 9};

	assert_int_equal(zram_mm_stat_parse(text_of("1 2 3 4 5 6\n"), &d), -EBADMSG);
	assert_int_equal(zram_mm_stat_parse(text_of(""), &d), -EBADMSG);
	assert_int_equal(d.used, 9);
	assert_int_equal(zram_mm_stat_parse(text_of("1 2 3 4 5 6 7 8 9 10\n"), &d), 0);
	assert_int_equal(d.used, 3);
	assert_int_equal(d.index, 3);
}

static void test_zswap(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/made");
	_cleanup_close_ int none = open_root("tests/fixtures/system/v2");
	_cleanup_sample_ struct system_sample s = {0};
	uint64_t n;

	assert_int_equal(zswap_read(root, &s.zswap), 0);
	assert_int_equal(s.zswap.n, 4);
	assert_int_equal(counters__find(&s.zswap, "enabled", &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(counters__find(&s.zswap, "pool_total_size", &n), 0);
	assert_int_equal(n, 4096000);
	assert_int_equal(zswap_read(none, &s.zswap), -ENOENT);
}

static void test_files(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/made");
	_cleanup_close_ int none = open_root("tests/fixtures/system/v2");
	struct file_table f = {0};

	assert_int_equal(file_nr_read(root, &f), 0);
	assert_int_equal(f.used, 992);
	assert_true(f.max == INT64_MAX);
	assert_int_equal(file_nr_read(none, &f), -ENOENT);
	assert_int_equal(file_nr_parse(text_of("10\t4\t100\n"), &f), 0);
	assert_int_equal(f.used, 6);
	assert_int_equal(file_nr_parse(text_of("10\t40\t100\n"), &f), -EBADMSG);
	assert_int_equal(file_nr_parse(text_of("10\t4\n"), &f), -EBADMSG);
	assert_int_equal(f.used, 6);
}

static void test_fd_limit(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/made");
	uint64_t n = 3;

	assert_int_equal(pid_fd_limit_read(root, 77, &n), 0);
	assert_int_equal(n, 1024);
	assert_int_equal(pid_fd_limit_read(root, 78, &n), -ESRCH);
	assert_int_equal(pid_fd_limit_parse(text_of("Max open files 10"), &n), -EBADMSG);
	assert_int_equal(pid_fd_limit_parse(text_of("Max open files -1 2 files\n"), &n), -EBADMSG);
	assert_int_equal(pid_fd_limit_parse(text_of("Max open filesystems 9 9\n"), &n), -EBADMSG);
	assert_int_equal(n, 1024);
	assert_int_equal(pid_fd_limit_parse(text_of("Max open files  unlimited 9 files\n"), &n), 0);
	assert_true(n == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_swaps),
		cmocka_unit_test(test_no_swap),
		cmocka_unit_test(test_swap_path_is_cut),
		cmocka_unit_test(test_slabs),
		cmocka_unit_test(test_slabs_captured),
		cmocka_unit_test(test_zram),
		cmocka_unit_test(test_zram_line),
		cmocka_unit_test(test_zswap),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_fd_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
