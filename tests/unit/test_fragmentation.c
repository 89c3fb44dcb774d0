/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "model/fragmentation.h"
#include "base/cleanup.h"
#include "collect/buddyinfo.h"
#include "fixture.h"

#define _cleanup_sample_ _cleanup_(system_sample__free)

static void test_zones(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/made");
	_cleanup_sample_ struct system_sample s = {0};

	assert_int_equal(buddyinfo_read(root, &s), 0);
	assert_int_equal(s.zones.n, 3);
	assert_string_equal(s.zones.v[0].zone, "DMA");
	assert_int_equal(s.zones.v[0].n_orders, 11);
	assert_int_equal(s.zones.v[0].free[10], 3);
	assert_int_equal(s.zones.v[1].free[1], 500);
	assert_int_equal(s.zones.v[2].node, 1);
	assert_string_equal(s.zones.v[2].zone, "Movable");
	assert_int_equal(s.zones.v[2].n_orders, 13);
	assert_int_equal(s.zones.v[2].free[12], 1);
}

static void test_zones_captured(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/captured");
	_cleanup_close_ int none = open_root("tests/fixtures/system/v2");
	_cleanup_sample_ struct system_sample s = {0};

	assert_int_equal(buddyinfo_read(root, &s), 0);
	assert_int_equal(s.zones.n, 3);
	assert_int_equal(pagetypeinfo_read(root, &s), 0);
	assert_int_equal(s.page_types.n, 15);
	vec_for_each(t, &s.page_types)
		assert_true(t->has_blocks && t->n_orders == 11);
	assert_int_equal(buddyinfo_read(none, &s), -ENOENT);
	assert_int_equal(pagetypeinfo_read(none, &s), -ENOENT);
}

static void test_too_many_orders_or_cut(void **state)
{
	_cleanup_sample_ struct system_sample s = {0};
	char text[256] = "Node 0, zone DMA";

	for (int i = 0; i <= BUDDY_ORDERS_MAX; i++)
		strcat(text, " 1");
	strcat(text, "\n");
	assert_int_equal(buddyinfo_parse(text_of(text), &s), 0);
	assert_int_equal(buddyinfo_parse(text_of("Node 0, zone DMA 1 2 3"), &s), 0);
	assert_int_equal(buddyinfo_parse(text_of("Node 0, zone DMA\nNode 0, zone\nNode\n"), &s), 0);
	assert_int_equal(s.zones.n, 0);
}

static void test_types(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/system/made");
	_cleanup_sample_ struct system_sample s = {0};
	const struct page_type *t;

	assert_int_equal(pagetypeinfo_read(root, &s), 0);
	assert_int_equal(s.page_types.n, 3);
	t = &s.page_types.v[0];
	assert_string_equal(t->type, "Unmovable");
	assert_string_equal(t->zone, "DMA");
	assert_int_equal(t->capped, 0);
	assert_int_equal(t->blocks, 1);
	t = &s.page_types.v[1];
	assert_string_equal(t->type, "Movable");
	assert_int_equal(t->free[0], 100000); /* or more */
	assert_int_equal(t->capped, 1);
	assert_int_equal(t->free[10], 212);
	assert_true(t->has_blocks);
	assert_int_equal(t->blocks, 1581);
	assert_int_equal(s.page_types.v[2].blocks, 64);
}

/* 1000 + 2 * 500 pages, all in orders 0 and 1. */
static void test_unusable(void **state)
{
	const struct buddy_zone z = {.n_orders = 4, .free = {1000, 500}};
	const struct buddy_zone full = {.n_orders = 4},
				whole = {.n_orders = 4, .free = {0, 0, 0, 9}};
	uint32_t index = 5;

	assert_int_equal(unusable_index(&z, 0, &index), 0);
	assert_int_equal(index, 0);
	assert_int_equal(unusable_index(&z, 1, &index), 0);
	assert_int_equal(index, 500);
	assert_int_equal(unusable_index(&z, 2, &index), 0);
	assert_int_equal(index, 1000);
	assert_int_equal(unusable_index(&full, 0, &index), 0);
	assert_int_equal(index, 1000);
	assert_int_equal(unusable_index(&whole, 3, &index), 0);
	assert_int_equal(index, 0);
	assert_int_equal(unusable_index(&z, 4, &index), -EINVAL);
}

/* By the formula of mm/vmstat.c: 1000 - (1000 + pages * 1000 / 2^order) / blocks. */
static void test_why_it_fails(void **state)
{
	const struct buddy_zone z = {.n_orders = 11, .free = {1000, 500}};
	const struct buddy_zone full = {.n_orders = 4}, one = {.n_orders = 4, .free = {1}};
	uint32_t index = 5;

	assert_int_equal(fragmentation_index(&z, 1, &index), -ENODATA);
	assert_int_equal(fragmentation_index(&z, 11, &index), -EINVAL);
	assert_int_equal(index, 5);
	assert_int_equal(fragmentation_index(&z, 2, &index), 0);
	assert_int_equal(index, 1000 - (1000 + 500000) / 1500);
	assert_int_equal(fragmentation_index(&z, 10, &index), 0);
	assert_int_equal(index, 1000 - (1000 + 1953) / 1500);
	assert_int_equal(fragmentation_index(&full, 0, &index), 0);
	assert_int_equal(index, 0);
	assert_int_equal(fragmentation_index(&one, 3, &index), 0); /* 1000 - 1125: lack */
	assert_int_equal(index, 0);
}

static void test_huge_counts(void **state)
{
	struct buddy_zone z = {.n_orders = BUDDY_ORDERS_MAX};
	uint32_t index = 5;

	for (int i = 0; i < BUDDY_ORDERS_MAX; i++)
		z.free[i] = UINT64_MAX;
	assert_int_equal(unusable_index(&z, BUDDY_ORDERS_MAX - 1, &index), 0);
	assert_int_equal(index, 499);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_zones_captured),
		cmocka_unit_test(test_too_many_orders_or_cut),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_unusable),
		cmocka_unit_test(test_why_it_fails),
		cmocka_unit_test(test_huge_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
