/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "collect/kmsg.h"

static int parse(const char *text, struct oom_kill *ret)
{
	return oom_kill_parse((struct cursor){text, text + strlen(text)}, ret);
}

static void machine_out_of_memory(void **state)
{
	struct oom_kill k;

	assert_int_equal(
		parse("3,1402,99123,-;Out of memory: Killed process 4711 (stress) "
		      "total-vm:9000000kB, anon-rss:8000000kB, file-rss:4kB, shmem-rss:0kB, "
		      "UID:0 pgtables:16000kB oom_score_adj:0\n",
		      &k),
		0);
	assert_int_equal(k.pid, 4711);
	assert_string_equal(k.comm, "stress");
	assert_false(k.in_cgroup);
	assert_true(k.has_anon);
	assert_int_equal(k.anon, 8000000ull * 1024);
}

static void cgroup_out_of_memory(void **state)
{
	struct oom_kill k;

	assert_int_equal(parse("3,1,2,-;Memory cgroup out of memory: Killed process 12 (a) b (c) "
			       "total-vm:1kB, anon-rss:2kB\n",
			       &k),
			 0);
	assert_int_equal(k.pid, 12);
	assert_true(k.in_cgroup);
	assert_string_equal(k.comm, "a) b (c");
	/* 4.x: no comma after the name's line, the same words */
	assert_int_equal(parse("3,1,2,-;Killed process 12 (x) total-vm:1kB\n", &k), 0);
	assert_false(k.has_anon);
}

static void name_that_imitates(void **state)
{
	struct oom_kill k;

	/* 15 bytes of name cannot hold the words, but may hold their beginning. */
	assert_int_equal(parse("3,1,2,-;Out of memory: Killed process 5 () total-vm:1) "
			       "total-vm:77kB, anon-rss:3kB\n",
			       &k),
			 0);
	assert_memory_equal(k.comm, ") total-vm:1", 12);
}

static void other_records(void **state)
{
	static const char *const texts[] = {
		"",
		";",
		"3,1,2,-;",
		"3,1,2,-;usb 1-1: new device",
		"3,1,2,-;Killed process ",
		"3,1,2,-;Killed process 12",
		"3,1,2,-;Killed process 12 (",
		"3,1,2,-;Killed process 12 (x)",
		"3,1,2,-;Killed process 0 (x) total-vm:1kB",
		"3,1,2,-;Killed process 99999999999 (x) total-vm:1kB",
		"3,1,2,-;Killed process 99999999999999999999999999 (x) total-vm:1kB",
		"x,1,2,-;Killed process 12 (x) total-vm:1kB",
		/* facility 1: written by a program */
		"11,1,2,-;Out of memory: Killed process 12 (x) total-vm:1kB, anon-rss:2kB",
	};
	struct oom_kill k;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (parse(texts[i], &k) != -ENOENT)
			fail_msg("taken for a kill: %s", texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machine_out_of_memory),
		cmocka_unit_test(cgroup_out_of_memory),
		cmocka_unit_test(name_that_imitates),
		cmocka_unit_test(other_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
