/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/cleanup.h"
#include "collect/pid_wait.h"
#include "fixture.h"

static void expect(const char *text, const char *want)
{
	char name[SYSCALL_TEXT_SIZE] = "untouched";

	assert_int_equal(syscall_parse(text_of(text), name), want ? 0 : -EBADMSG);
	assert_string_equal(name, want ? want : "untouched");
}

static void syscalls(void **state)
{
	char text[128];

	expect("running\n", "");
	expect("-1 0x7ffe00000000 0x7f0000000000\n", "");
	expect("9999 0x1 0x1 0x1 0x0 0x0 0x0 0x7ffef0f27028 0x7fbf428ed503\n", "syscall 9999");
	/* a 32-bit program's numbers are others */
	expect("7 0x1 0x1 0x1 0x0 0x0 0x0 0xffe0f028 0xf7fb0503\n", "syscall 7 (32 bits)");
	snprintf(text, sizeof(text), "%d 0 0 0 0 0 0 0 0\n", 1);
	expect(text, NULL);
	expect("", NULL);
	expect("x\n", NULL);
	expect("230 0x1 0x1\n", NULL);
	expect("230 0x1 0x1 0x1 0x0 0x0 0x0 0x7ffef0f27028 0x7fbf428ed50q\n", NULL);
}

static void masks(void **state)
{
	static const struct {
		const char *text;
		enum sigchld want;
	} cases[] = {
		{"SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:"
		 "\t0000000000000000\n",
		 SIGCHLD_DEFAULT},
		{"SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:"
		 "\t0000000000010000\n",
		 SIGCHLD_HANDLED},
		{"SigBlk:\t0000000000000000\nSigIgn:\t0000000000010000\nSigCgt:"
		 "\t0000000000000000\n",
		 SIGCHLD_IGNORED},
		{"SigBlk:\t0000000000010000\nSigIgn:\t0000000000000000\nSigCgt:"
		 "\t0000000000010000\n",
		 SIGCHLD_BLOCKED},
		{"SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t00000000000100",
		 SIGCHLD_UNKNOWN},
		{"SigBlk:\t0000000000000000\nSigIgn:\tx\nSigCgt:\t0000000000010000\n",
		 SIGCHLD_UNKNOWN},
		{"", SIGCHLD_UNKNOWN},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(sigchld_parse(text_of(cases[i].text)), cases[i].want);
}

static void captured(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/analysis");
	struct zombie_parent p = {.id = {700, 1512523}}, gone = {.id = {701, 1}};

	pid_wait_read(root, &p);
	assert_string_equal(p.wchan, "hrtimer_nanosleep");
#ifdef __x86_64__
	assert_string_equal(p.syscall, "clock_nanosleep");
#endif
	assert_int_equal(p.sigchld, SIGCHLD_DEFAULT);
	pid_wait_read(root, &gone);
	assert_true(!*gone.wchan && !*gone.syscall && gone.sigchld == SIGCHLD_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syscalls),
		cmocka_unit_test(masks),
		cmocka_unit_test(captured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
