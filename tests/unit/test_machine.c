/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "collect/bpf/machine.h"

static __u64 end_of(const char *text)
{
	return zoneinfo_end_pfn((struct cursor){text, text + strlen(text)});
}

#define ZONE(name, spanned, start)                                                                 \
	"Node 0, zone " name "\n  pages free     1\n        spanned  " spanned                     \
	"\n        present  1\n  start_pfn:           " start "\n"

static void takes_the_highest_zone(void **state)
{
	(void)state;
	assert_int_equal(end_of(ZONE("DMA", "4095", "1") ZONE("Normal", "5505024", "1048576")
					ZONE("DMA32", "1044480", "4096")),
			 1048576 + 5505024);
}

static void empty_zones_do_not_count(void **state)
{
	(void)state;
	/* Movable and Device print a start_pfn of 0, hotplug zones one far away. */
	assert_int_equal(end_of(ZONE("DMA", "4095", "1") ZONE("Movable", "0", "99999999")), 4096);
}

static void tells_nothing_of_rubbish(void **state)
{
	(void)state;
	assert_int_equal(end_of(""), 0);
	assert_int_equal(end_of("spanned\nstart_pfn:\n"), 0);
	assert_int_equal(end_of(ZONE("DMA", "x", "1")), 0);
	assert_int_equal(end_of("        spanned  4095\n  start_p"), 0);
	/* Beyond 2^64: no number, no zone. */
	assert_int_equal(end_of(ZONE("DMA", "99999999999999999999", "1")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_highest_zone),
		cmocka_unit_test(empty_zones_do_not_count),
		cmocka_unit_test(tells_nothing_of_rubbish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
