/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/kernel_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int parse(const char *text, struct text_ranges *ret)
{
	return irq_entries_parse((struct cursor){text, text + strlen(text)}, ret);
}

static void test_ranges(void **state)
{
	struct text_ranges r = {};

	(void)state;
	assert_int_equal(parse("ffffffff81000d40 T asm_common_interrupt\n"
			       "ffffffff812ff6b0 t __common_interrupt\n"
			       "ffffffff812ff7b0 t next\n"
			       "ffffffff81360060 t __pfx_handle_softirqs\n"
			       "ffffffff81360070 t handle_softirqs\n"
			       "ffffffff81360070 t handle_softirqs_alias\n"
			       "ffffffff813604a0 T next_one\n"
			       "ffffffff821f24f0 T sysvec_apic_timer_interrupt\n"
			       "ffffffff821f2500 D sysvec_is_data\n"
			       "ffffffffc0001000 t leaf\t[module]\n",
			       &r),
			 0);
	assert_int_equal(r.n, 3);
	assert_true(text_ranges__have(&r, 0xffffffff812ff6b0));
	assert_true(text_ranges__have(&r, 0xffffffff812ff7af));
	assert_false(text_ranges__have(&r, 0xffffffff812ff7b0));
	assert_true(text_ranges__have(&r, 0xffffffff81360100));
	assert_false(text_ranges__have(&r, 0xffffffff81360060));
	assert_true(text_ranges__have(&r, 0xffffffff821f24f8));
	assert_false(text_ranges__have(&r, 0xffffffff821f2508));
	vec_free(&r);
}

static void test_hidden(void **state)
{
	struct text_ranges r = {};

	(void)state;
	assert_int_equal(parse("0000000000000000 t handle_softirqs\n0000000000000000 T next\n", &r),
			 -EPERM);
	assert_int_equal(parse("", &r), -EPERM);
}

static void test_damaged(void **state)
{
	struct text_ranges r = {};

	(void)state;
	assert_int_equal(parse("ffffffff81000000 T other\n", &r), -ENODATA);
	assert_int_equal(parse("fffffffff81000000 t handle_softirqs\nxyz t handle_softirqs\n"
			       "ffffffff81000000\nffffffff81000000 t\nffffffff81000000 T other",
			       &r),
			 -ENODATA);
	/* Cut off: where it ends is not known, so nothing is in it. */
	assert_int_equal(parse("ffffffff81000000 t handle_softirqs", &r), 0);
	assert_false(text_ranges__have(&r, 0xffffffff81000000));
	vec_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
