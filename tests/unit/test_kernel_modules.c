/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/kernel_modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void parse(const char *text, struct kernel_modules *ret)
{
	assert_int_equal(kernel_modules_parse((struct cursor){text, text + strlen(text)}, ret), 0);
}

static const char *at(const struct kernel_modules *m, uint64_t addr)
{
	const struct kernel_module *found = kernel_modules__at(m, addr);

	return found ? found->name : "";
}

static void test_addresses(void **state)
{
	struct kernel_modules m = {};

	(void)state;
	parse("veth 40960 0 - Live 0xffffffffc0a10000 (OE)\n"
	      "nf_tables 278528 1 nft_compat, Live 0xffffffffc0900000\n"
	      "hidden 4096 0 - Live 0x0000000000000000\n",
	      &m);
	assert_int_equal(m.n, 2);
	assert_string_equal(at(&m, 0xffffffffc08fffff), "");
	assert_string_equal(at(&m, 0xffffffffc0900000), "nf_tables");
	assert_string_equal(at(&m, 0xffffffffc0943fff), "nf_tables");
	assert_string_equal(at(&m, 0xffffffffc0944000), "");
	assert_string_equal(at(&m, 0xffffffffc0a10001), "veth");
	assert_string_equal(at(&m, UINT64_MAX), "");
	/* A size counts data elsewhere: the nearer start decides. */
	parse("a 8192 0 - Live 0xffffffffc0000000\nb 4096 0 - Live 0xffffffffc0001000\n", &m);
	assert_string_equal(at(&m, 0xffffffffc0001800), "b");
	vec_free(&m);
}

static void test_damaged(void **state)
{
	struct kernel_modules m = {};

	(void)state;
	parse("", &m);
	assert_int_equal(m.n, 0);
	assert_null(kernel_modules__at(&m, 1));
	parse("veth\nveth 1\nveth x 0 - Live 0xff\nveth 1 0 - Live 0xgg\n"
	      "veth 18446744073709551615 0 - Live 0xffffffffc0a10000\nveth 1 0 - Live",
	      &m);
	assert_int_equal(m.n, 0);
	vec_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
