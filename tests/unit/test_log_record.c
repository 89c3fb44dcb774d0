/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "collect/log_record.h"
#include "fixture.h"

#define SIZED(text) ((struct cursor){text, text + sizeof(text) - 1})

static struct log_event kmsg(const char *text)
{
	struct log_event e;

	assert_int_equal(kmsg_record_parse(text_of(text), 1000000000, &e), 0);
	return e;
}

static void kernel_records(void **state)
{
	struct log_event e =
		kmsg("4,1234,5000001,-;EXT4-fs error (device vda1): x\n SUBSYSTEM=a\n");

	assert_int_equal(e.kind, CRITICAL_IO);
	assert_int_equal(e.priority, 4);
	assert_true(e.kernel);
	assert_int_equal(e.time_ns, 6000001000);
	assert_string_equal(e.text, "EXT4-fs error (device vda1): x");
	/* a program's line in the kernel's log: not the kernel's word */
	e = kmsg("12,1,2,-;Killed process 1 (init)");
	assert_false(e.kernel);
	assert_int_equal(e.kind, CRITICAL_NONE);
	assert_int_equal(kmsg("6,1,2,-,caller=T1;").priority, 6);
}

static void bad_records(void **state)
{
	static const char *const bad[] = {"",
					  ";",
					  "6",
					  "6,1",
					  "6,1,2",
					  "6,1,2,-",
					  "x,1,2,-;t",
					  "6,1,99999999999999999999,-;t",
					  "6,1,18446744073709551615,-;t",
					  ",,,;t"};
	struct log_event e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(kmsg_record_parse(text_of(bad[i]), 0, &e), -EBADMSG);
}

static void kinds(void **state)
{
	static const struct {
		const char *text;
		bool kernel;
		enum critical_kind kind;
	} cases[] = {
		{"Out of memory: Killed process 7 (x) total-vm:1kB", true, CRITICAL_OOM},
		{"kworker: page allocation failure: order:4, mode:0x1", true, CRITICAL_ALLOCATION},
		{"INFO: task x:1 blocked for more than 120 seconds.", true, CRITICAL_HUNG},
		{"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", true, CRITICAL_HUNG},
		{"blk_update_request: I/O error, dev sda, sector 1", true, CRITICAL_IO},
		{"BUG: kernel NULL pointer dereference", true, CRITICAL_OOPS},
		{"mce: [Hardware Error]: CPU 0", true, CRITICAL_HARDWARE},
		{"x[1]: segfault at 0 ip 1 sp 2 error 4", true, CRITICAL_CRASH},
		{"PM: suspend entry (deep)", true, CRITICAL_SUSPEND},
		{"PM: suspend exit", true, CRITICAL_RESUME},
		{"foo.service: Failed with result 'exit-code'.", false, CRITICAL_SERVICE},
		{"foo.service: Failed with result 'oom-kill'.", false, CRITICAL_OOM},
		{"Failed to start foo.service - Foo.", false, CRITICAL_SERVICE},
		{"PM: suspend entry (deep)", false, CRITICAL_NONE},
		{"all is well", true, CRITICAL_NONE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(critical_classify(text_of(cases[i].text), cases[i].kernel),
				 cases[i].kind);
}

static void journal_entries(void **state)
{
	struct cursor text =
		SIZED("__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1700000000000001\n"
		      "PRIORITY=4\nSYSLOG_IDENTIFIER=systemd\nUNIT=foo.service\n"
		      "_TRANSPORT=journal\nMESSAGE=foo.service: Failed with result 'x'.\n"
		      "\n"
		      "__REALTIME_TIMESTAMP=1700000000000002\n"
		      "MESSAGE\n\x07\0\0\0\0\0\0\0two\nlin\n_TRANSPORT=kernel\n\n"
		      "__CURSOR=c\nPRIORITY=3\n\n"
		      "__REALTIME_TIMESTAMP=1\nMESSAGE=cut");
	char at[JOURNAL_CURSOR_SIZE];
	struct log_event e;

	assert_int_equal(journal_entry_parse(&text, &e, at), 0);
	assert_string_equal(at, "s=1;i=2");
	assert_int_equal(e.time_ns, 1700000000000001000);
	assert_int_equal(e.kind, CRITICAL_SERVICE);
	assert_int_equal(e.priority, 4);
	assert_string_equal(e.source, "foo.service");
	assert_int_equal(journal_entry_parse(&text, &e, at), 0);
	assert_string_equal(at, "");
	assert_true(e.kernel);
	assert_string_equal(e.text, "two\nlin");
	assert_int_equal(journal_entry_parse(&text, &e, at), -EBADMSG);
	assert_int_equal(journal_entry_parse(&text, &e, at), -ENODATA);
}

/* A length that the text does not have is no reason to read on. */
static void journal_lengths(void **state)
{
	static const char huge[] = "MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff"
				   "abc\n\n";
	static const char shorter[] = "MESSAGE\n\x01\0\0";
	struct cursor a = SIZED(huge), b = SIZED(shorter);
	char at[JOURNAL_CURSOR_SIZE];
	struct log_event e;

	assert_int_equal(journal_entry_parse(&a, &e, at), -ENODATA);
	assert_int_equal(journal_entry_parse(&b, &e, at), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_records),  cmocka_unit_test(bad_records),
		cmocka_unit_test(kinds),	   cmocka_unit_test(journal_entries),
		cmocka_unit_test(journal_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
