/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/privileges.h"
#include "skip.h"

static bool has(cap_value_t cap)
{
	cap_t now = cap_get_proc();
	cap_flag_value_t v = CAP_CLEAR;

	cap_get_flag(now, cap, CAP_PERMITTED, &v);
	cap_free(now);
	return v == CAP_SET;
}

/* In a child: what is dropped does not come back. Exit status 0 when as wanted. */
static int in_child(int (*check)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(check());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int check_minimum(void)
{
	const struct privileges_keep keep = {};

	if (privileges_drop(&keep))
		return 1;
	if (!has(CAP_SYS_PTRACE) || !has(CAP_DAC_READ_SEARCH))
		return 2;
	for (cap_value_t cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (cap == CAP_SYS_PTRACE || cap == CAP_DAC_READ_SEARCH)
			continue;
		if (has(cap) || cap_get_bound(cap) == 1)
			return 3;
	}
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 4;
}

static int check_kept(void)
{
	const struct privileges_keep keep = {.bpf = true, .kill = true, .write_anywhere = true};

	if (privileges_drop(&keep))
		return 1;
	if (!has(CAP_BPF) || !has(CAP_PERFMON) || !has(CAP_KILL) || !has(CAP_DAC_OVERRIDE))
		return 2;
	return has(CAP_SYS_ADMIN) || has(CAP_SETUID) ? 3 : 0;
}

static int check_without_any(void)
{
	const struct privileges_keep keep = {.bpf = true};

	if (setresuid(65534, 65534, 65534))
		return 1;
	if (privileges_drop(&keep))
		return 2;
	return has(CAP_BPF) || has(CAP_SYS_PTRACE) ? 3 : 0;
}

static void keeps_only_what_sampling_needs(void **state)
{
	(void)state;
	if (geteuid())
		skip_because("needs root");
	assert_int_equal(in_child(check_minimum), 0);
}

static void keeps_what_is_asked_for(void **state)
{
	(void)state;
	if (geteuid())
		skip_because("needs root");
	assert_int_equal(in_child(check_kept), 0);
}

static void nothing_to_drop_is_fine(void **state)
{
	(void)state;
	if (geteuid())
		skip_because("needs root");
	assert_int_equal(in_child(check_without_any), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_only_what_sampling_needs),
		cmocka_unit_test(keeps_what_is_asked_for),
		cmocka_unit_test(nothing_to_drop_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
