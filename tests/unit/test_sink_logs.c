/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "moment_world.h"
#include "sink/alert_json.h"
#include "sink/log.h"

static void memory_line(void **state)
{
	_cleanup_(strbuf_free) struct strbuf b = {};
	struct world *w = *state;

	add_meminfo(w);
	put(w->procs[1].comm, COMM_SIZE, "a,b\"c\nd");
	memory_log.moment(&b, &w->m);
	assert_string_equal(b.s, "2023-11-14T22:13:20.123Z,1024000,768000,102400,256000,10240,"
				 "204800,75.00,\"a,b\"\"c\\x0ad\",2048\n");
}

static void unknown_is_empty(void **state)
{
	_cleanup_(strbuf_free) struct strbuf b = {};
	struct world *w = *state;

	w->m.n_procs = 0;
	memory_log.moment(&b, &w->m);
	assert_string_equal(b.s, "2023-11-14T22:13:20.123Z,,,,,,,,,\n");
}

static void header_is_the_promised_one(void **state)
{
	_cleanup_(strbuf_free) struct strbuf b = {};
	struct world *w = *state;

	memory_log.head(&b, &w->info);
	assert_string_equal(b.s, "Timestamp,Total_KB,Used_KB,Free_KB,Available_KB,Buffers_KB,"
				 "Cached_KB,Usage_Percent,Top_Process,Top_Process_Mem\n");
}

/* Every line is a comment or begins with the time and a word, and holds no control character. */
static void check_lines(const struct strbuf *b, const char *sink)
{
	for (const char *p = b->s; p < b->s + b->len; p = strchr(p, '\n') + 1) {
		size_t len = strcspn(p, "\n");

		assert_int_equal(p[len], '\n');
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
				fail_msg("%s: control character in %.*s", sink, (int)len, p);
		if (*p != '#' && strncmp(p, "2023-11-14T22:13:20.123Z ", 25))
			fail_msg("%s: %.*s", sink, (int)len, p);
	}
}

static void hostile_names(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < N_OF(hostile_strings); i++) {
		set_names(w, i);
		for (int s = 0; s < (int)monitor_log_family.n; s++) {
			_cleanup_(strbuf_free) struct strbuf b = {};

			if (monitor_log_family.sinks[s] == &memory_log)
				continue;
			monitor_log_family.sinks[s]->head(&b, &w->info);
			monitor_log_family.sinks[s]->moment(&b, &w->m);
			assert_false(b.failed);
			check_lines(&b, monitor_log_family.sinks[s]->name);
		}
	}
}

static bool has(const struct log_sink *sink, const struct moment *m, const char *text)
{
	_cleanup_(strbuf_free) struct strbuf b = {};

	sink->moment(&b, m);
	if (strstr(b.s, text))
		return true;
	print_message("%s\n", b.s);
	return false;
}

static void rates_and_indices(void **state)
{
	struct world *w = *state;

	/* 300 pages of 4 KiB in 2 s */
	assert_true(
		has(&swap_log, &w->m, "          ?          ?          ?        600          ?\n"));
	/* 7 single pages and one pair: two thirds and more are of no use to order 1 */
	assert_true(
		has(&fragmentation_log, &w->m, "unusable     0 Normal       0.0    77.7   100.0"));
	w->m.before = NULL;
	assert_true(
		has(&swap_log, &w->m, "          ?          ?          ?          ?          ?\n"));
}

static void held_is_unknown_without_attribution(void **state)
{
	struct world *w = *state;

	put(w->procs[0].comm, COMM_SIZE, "holder");
	assert_true(has(&processes_log, &w->m, "     1028 holder\n"));
	w->info.bpf = false;
	assert_true(has(&processes_log, &w->m, "        ? holder\n"));
}

static void missing_parts_are_told(void **state)
{
	struct world *w = *state;

	w->now.err[SYSTEM_CGROUPS] = -ENOENT;
	assert_true(has(&docker_log, &w->m, "missing   cgroups: No such file or directory\n"));
	w->now.err[SYSTEM_SLABINFO] = -EACCES;
	w->now.slabs.n = 0;
	w->m.before = NULL;
	assert_true(has(&fragmentation_log, &w->m, "missing   slabinfo: Permission denied\n"));
}

static void alerts_as_json(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < N_OF(hostile_strings); i++) {
		_cleanup_free_ char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		set_names(w, i);
		assert_non_null(out);
		assert_int_equal(alert_json(&w->alert, out), 0);
		fclose(out);
		assert_non_null(strstr(text, "\"memtrace.alert/1\""));
		for (size_t at = 0; at < len; at++)
			assert_true((unsigned char)text[at] >= ' ' || text[at] == '\n');
	}
}

static void a_withdrawn_leak_is_told_as_that(void **state)
{
	struct world *w = *state;
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	w->alert.kind = ALERT_LEAK;
	w->alert.state = ALERT_WITHDRAWN;
	w->alert.value = 5000;
	put(w->alert.message, sizeof(w->alert.message), "the warning is withdrawn");
	assert_true(has(&summary_log, &w->m,
			"alert     withdrawn leak 5000 0 bytes the warning is withdrawn\n"));
	assert_non_null(out);
	assert_int_equal(alert_json(&w->alert, out), 0);
	fclose(out);
	assert_non_null(strstr(text, "\"kind\":\"leak\",\"state\":\"withdrawn\""));
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(memory_line),
		IN_WORLD(unknown_is_empty),
		IN_WORLD(header_is_the_promised_one),
		IN_WORLD(hostile_names),
		IN_WORLD(rates_and_indices),
		IN_WORLD(held_is_unknown_without_attribution),
		IN_WORLD(missing_parts_are_told),
		IN_WORLD(alerts_as_json),
		IN_WORLD(a_withdrawn_leak_is_told_as_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
