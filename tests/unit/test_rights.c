/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/bpf/rights.h"
#include "fixture.h"

static const char *why(const char *status)
{
	return bpf_refused(-EPERM, "words", text_of(status), text_of("")).why;
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

/* Lockdown is the reason where the rights are there, and only at its highest level. */
static void lockdown(void **state)
{
	static const char root[] = "CapEff:\t000001ffffffffff\n", user[] = "CapEff:\t0\n";
	static const char words[] = "load: Invalid argument; prog 'calibrate_percpu'";
	static const struct {
		int err;
		const char *status, *lockdown, *why, *fix;
	} cases[] = {
		{-EINVAL, root, "none integrity [confidentiality]\n", "lockdown (conf",
		 "boot without"},
		{-EPERM, root, "none integrity [confidentiality]\n", "lockdown (conf",
		 "boot without"},
		{-EPERM, user, "none integrity [confidentiality]\n", "not run as root",
		 "run as root"},
		{-EINVAL, root, "none [integrity] confidentiality\n", words, "run as root"},
		{-EINVAL, root, "[none] integrity confidentiality\n", words, "run as root"},
		{-EINVAL, root, "", words, "run as root"},
		{-EPERM, root, "[none]", "the kernel refuses", "run as root"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bpf_refusal r = bpf_refused(cases[i].err, words, text_of(cases[i].status),
						   text_of(cases[i].lockdown));

		if (!strstr(r.why, cases[i].why) || !strstr(r.fix, cases[i].fix))
			fail_msg("%zu: %s, fix: %s", i, r.why, r.fix);
	}
}

/* What this machine says is below the root; what is not there is no lockdown. */
static void lockdown_is_read_below_the_root(void **state)
{
	char dir[] = "/tmp/rights-XXXXXX";
	static const char *const dirs[] = {"sys", "sys/kernel", "sys/kernel/security"};
	int root, fd;

	assert_non_null(mkdtemp(dir));
	root = open_root(dir);
	assert_string_equal(bpf_refused_here(root, -EINVAL, "words").why, "words");
	for (int i = 0; i < 3; i++)
		assert_int_equal(mkdirat(root, dirs[i], 0700), 0);
	fd = openat(root, "sys/kernel/security/lockdown", O_WRONLY | O_CREAT, 0600);
	assert_true(dprintf(fd, "none integrity [confidentiality]\n") > 0);
	close(fd);
	assert_non_null(strstr(bpf_refused_here(root, -EINVAL, "words").why, "lockdown"));
	unlinkat(root, "sys/kernel/security/lockdown", 0);
	for (int i = 3; i-- > 0;)
		unlinkat(root, dirs[i], AT_REMOVEDIR);
	close(root);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_right),
		cmocka_unit_test(lockdown),
		cmocka_unit_test(lockdown_is_read_below_the_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
