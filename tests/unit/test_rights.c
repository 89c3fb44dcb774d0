/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "collect/bpf/rights.h"

static const char *why(const char *status)
{
	return bpf_missing_right((struct cursor){status, status + strlen(status)});
}

static void each_right(void **state)
{
	static const struct {
		const char *status, *words;
	} cases[] = {
		{"Name:\tx\nCapPrm:\tffffffffffffffff\nCapEff:\t0000000000000000\nSeccomp:\t0\n",
		 "nor with CAP_BPF and CAP_PERFMON"},
		{"CapEff:\t0000008000000000\n", "CAP_PERFMON is missing"},
		{"CapEff:\t0000004000000000\n", "CAP_BPF is missing"},
		{"CapEff:\t000000c000000000\n", "the kernel refuses"},
		{"CapEff:\t0000000000200000\n", "the kernel refuses"},
		{"CapEff:\t00000000xx200000\n", "no right to load"},
		{"Name:\tx\n", "no right to load"},
		{"", "no right to load"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!strstr(why(cases[i].status), cases[i].words))
			fail_msg("%s: %s", cases[i].status, why(cases[i].status));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_right)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
