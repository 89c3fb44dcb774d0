/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "model/report.h"
#include "model/tick.h"

static void assert_complete(const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_non_null(names[i]);
		assert_true(strlen(names[i]) > 0);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(names[i], names[j]);
	}
}

/* These words are in files and in other people's scripts. */
static void names(void **state)
{
	assert_complete(proc_value_names, _PROC_VALUE_MAX);
	assert_complete(page_class_names, _PAGE_CLASS_MAX);
	assert_complete(owner_kind_names, _OWNER_KIND_MAX);
	assert_complete(event_kind_names, _EVENT_KIND_MAX);
	assert_string_equal(proc_value_names[PROC_RSS], "rss_bytes");
	assert_string_equal(proc_value_names[PROC_PAGE_TABLE], "page_table_bytes");
	assert_string_equal(proc_value_names[PROC_FDS], "fds");
	assert_string_equal(proc_value_names[PROC_THREADS], "threads");
	assert_string_equal(page_class_names[PAGES_KERNEL], "kernel");
	assert_string_equal(owner_kind_names[OWNER_EXITED_GROUP], "exited_group");
	assert_string_equal(event_kind_names[EVENT_PID_REUSED], "pid_reused");
}

static void fill(struct tick *t)
{
	struct proc_sample p = {.cgroup = strdup("/a")};

	t->seq = 7;
	t->time_ns = t->mono_ns = 9;
	t->n_procs = 3;
	t->self.events = 5;
	assert_int_equal(vec_push(&t->procs, p), 0);
	assert_int_equal(vec_push(&t->procs, (struct proc_sample){0}), 0);
	assert_int_equal(vec_push(&t->meminfo, (struct meminfo_line){0}), 0);
	assert_int_equal(vec_push(&t->machine, (struct meminfo_line){0}), 0);
	assert_int_equal(vec_push(&t->hidden, (struct hidden_sample){0}), 0);
	assert_int_equal(vec_push(&t->owners, (struct owner_sample){0}), 0);
	assert_int_equal(vec_push(&t->smaps, (struct smaps_sample){0}), 0);
	assert_int_equal(vec_push(&t->ownership, (struct ownership_sample){0}), 0);
	assert_int_equal(vec_push(&t->mapped, (struct mapped_sample){0}), 0);
	assert_int_equal(vec_push(&t->events, (struct event){0}), 0);
	assert_int_equal(limits__set(&t->limits, "x", 1, "x"), 0);
}

static void clear_and_free(void **state)
{
	struct tick t = {0};
	void *procs;

	fill(&t);
	procs = t.procs.v;
	tick__clear(&t);
	assert_int_equal(t.procs.n + t.meminfo.n + t.owners.n + t.smaps.n, 0);
	assert_int_equal(t.machine.n + t.hidden.n, 0);
	assert_int_equal(t.ownership.n + t.mapped.n + t.events.n + t.limits.n + t.seq + t.time_ns,
			 0);
	assert_int_equal(t.mono_ns + t.n_procs + t.self.events, 0);
	assert_ptr_equal(t.procs.v, procs);
	fill(&t);
	assert_ptr_equal(t.procs.v, procs);
	tick__free(&t);
	assert_null(t.procs.v);
	assert_null(t.limits.v);
	tick__free(&t);
}

/* LeakSanitizer is the judge here. */
static void report_free(void **state)
{
	struct report *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	assert_int_equal(vec_push(&r->processes, (struct report_process){.cgroup = strdup("/a")}),
			 0);
	assert_int_equal(vec_push(&r->head, (struct report_note){0}), 0);
	assert_int_equal(vec_push(&r->left_behind, (struct report_residue){0}), 0);
	assert_int_equal(vec_push(&r->other_owners, (struct report_owner){0}), 0);
	assert_int_equal(vec_push(&r->hidden, (struct report_hidden){0}), 0);
	assert_int_equal(vec_push(&r->unclassified, (struct meminfo_line){0}), 0);
	assert_int_equal(vec_push(&r->ledger, (struct report_ledger_line){0}), 0);
	assert_int_equal(vec_push(&r->events, (struct event){0}), 0);
	assert_int_equal(limits__set(&r->limits, "x", 1, "x"), 0);
	report__free(r);
	report__free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(clear_and_free),
		cmocka_unit_test(report_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
