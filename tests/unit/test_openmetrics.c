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
#include "golden.h"
#include "moment_world.h"
#include "sink/metric_write.h"
#include "sink/sink.h"

static char *metrics_of(const struct moment *m)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(openmetrics_sink.moment(m, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static bool has_family(const char *text, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), "# TYPE %s ", name);
	return strstr(text, line) != NULL;
}

/* Names, counters and parts that make_world() has no use for. */
static void complete(struct world *w)
{
	static const struct meminfo_line swap[] = {{"SwapTotal", 8 * MIB, false},
						   {"SwapFree", 7 * MIB, false},
						   {"HugePages_Total", 3, true}};
	static const struct counter counters[] = {{"pswpout", 7}, {"oom_kill", 2}};
	struct cgroup_sample *c = &w->now.cgroups.v[0];
	int err = 0;

	add_meminfo(w);
	for (size_t i = 0; i < N_OF(swap); i++)
		err |= vec_push(&w->tick.meminfo, swap[i]);
	for (size_t i = 0; i < N_OF(counters); i++)
		err |= vec_push(&w->now.vmstat, counters[i]);
	w->now.psi[PSI_MEMORY].some =
		(struct psi_line){true, 1234, 500, 100, 2500000}; /* 12.34 % */
	w->now.files = (struct file_table){.used = 100, .max = 1000};
	for (size_t i = 0; i < 3; i++) {
		put(w->procs[i].comm, COMM_SIZE, "server");
		w->procs[i].known |= i < 2 ? 1u << PROC_ANON | 1u << PROC_SHMEM : 0;
	}
	put(w->now.slabs.v[0].name, 64, "dentry");
	put(c->container.name, sizeof(c->container.name), "web");
	c->known |= 1u << CGROUP_EFFECTIVE_MAX | 1u << CGROUP_INACTIVE_FILE | 1u << CGROUP_ANON |
		    1u << CGROUP_SWAP | 1u << CGROUP_EVENT_MAX;
	c->value[CGROUP_EFFECTIVE_MAX] = 4 * MIB;
	c->value[CGROUP_INACTIVE_FILE] = MIB;
	c->memory_psi.some = w->now.psi[PSI_MEMORY].some;
	w->tick.self = (struct self_sample){2500000000, 1500000, true, 9 * MIB, MIB, 77};
	w->m.first = &w->before;
	w->m.taken[PAGES_FILE] = 5 * MIB;
	w->m.in_force[ALERT_SWAP] = 1;
	w->m.raised[ALERT_SWAP] = 3;
	assert_int_equal(err | limits__set(&w->tick.limits, "events_missed", 5, "x"), 0);
}

/* What the rules and the dashboard are checked against: it has one of each. */
static void golden(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct world *w = *state;
	struct history *h;

	complete(w);
	w->m.system = &w->now;
	assert_int_equal(history__new(&w->info, &h), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(vec_push(&w->tick.procs, w->procs[i]), 0);
	assert_int_equal(history__add(h, &w->tick), 0);
	w->tick.procs.n = 0;
	w->procs[0].value[PROC_ANON] += 3 * MIB;
	w->m.history = h;
	text = metrics_of(&w->m);
	assert_golden("metrics.prom", text);
	history__free(h);
}

/* Name, labels in pairs of quotes, a number: what every reader of the format insists on. */
static void check_sample(const char *line, size_t len)
{
	const char *p = line, *end = line + len;
	bool quoted = false;

	while (p < end && ((*p >= 'a' && *p <= 'z') || *p == '_'))
		p++;
	assert_true(p > line);
	if (*p == '{') {
		for (p++; p < end && (quoted || *p != '}'); p++) {
			if (quoted && *p == '\\') {
				p++;
				assert_true(*p == '\\' || *p == '"');
			} else if (*p == '"') {
				quoted = !quoted;
			}
		}
		assert_true(p < end && !quoted);
		p++;
	}
	assert_int_equal(*p++, ' ');
	assert_true(p < end && strspn(p, "0123456789.-") == (size_t)(end - p));
}

static void check_text(const char *text)
{
	size_t len = strlen(text);

	assert_true(len > 6 && !strcmp(text + len - 6, "# EOF\n"));
	for (const char *p = text; *p; p = strchr(p, '\n') + 1) {
		size_t n = strcspn(p, "\n");

		assert_int_equal(p[n], '\n');
		for (size_t i = 0; i < n; i++)
			assert_true((unsigned char)p[i] >= ' ' && p[i] != 0x7f);
		if (*p != '#')
			check_sample(p, n);
	}
}

static void hostile_names(void **state)
{
	struct world *w = *state;

	complete(w);
	for (size_t i = 0; i < N_OF(hostile_strings); i++) {
		_cleanup_free_ char *text = NULL;

		set_names(w, i);
		text = metrics_of(&w->m);
		check_text(text);
	}
	set_names(w, 0);
	{
		_cleanup_free_ char *text = metrics_of(&w->m);

		assert_non_null(strstr(text, "comm=\"a\\\"b,c'd\\\\e\"} "));
	}
}

static void unknown_is_absent(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct world *w = *state;

	for (int part = 0; part < _SYSTEM_PART_MAX; part++)
		w->now.err[part] = -EACCES;
	w->m.n_procs = w->m.n_owners = 0;
	text = metrics_of(&w->m);
	check_text(text);
	assert_true(has_family(text, "memtrace_info"));
	assert_null(strstr(text, "memory_"));
	assert_null(strstr(text, "swap_"));
	assert_null(strstr(text, "slab"));
	assert_null(strstr(text, "process_"));
	assert_null(strstr(text, "pages_"));
	assert_null(strstr(text, "container"));
	assert_null(strstr(text, "pressure"));
	assert_null(strstr(text, "fragmentation_"));
}

static void label_number(struct metric_writer *w, const void *item)
{
	metric_word(w, "n", item ? item : "other");
}

/* The sum over all samples of the one family in text. */
static int64_t sum_of(const char *text, size_t *ret_n)
{
	int64_t sum = 0;

	*ret_n = 0;
	for (const char *p = text; *p; p = strchr(p, '\n') + 1) {
		if (*p == '#')
			continue;
		sum += atoll(strchr(p, ' ') + 1);
		(*ret_n)++;
	}
	return sum;
}

static void lists_are_bounded_and_add_up(void **state)
{
	static const struct metric metric = {"x_bytes", "gauge", "x"};
	static const char *const names[] = {"a", "b", "a", "other", "c", "d", "e"};
	static const int64_t values[] = {9, 7, 5, 4, 3, 0, -2};

	for (size_t top = 0; top < 9; top++) {
		_cleanup_free_ char *text = NULL;
		struct metric_ranks ranks = {};
		struct metric_writer w = {};
		size_t len = 0, n;

		w.out = open_memstream(&text, &len);
		for (size_t i = 0; i < N_OF(names); i++)
			assert_int_equal(vec_push(&ranks, (struct metric_rank){values[i], values[i],
									       names[i]}),
					 0);
		metric_ranked(&w, &metric, &ranks, top, label_number);
		fclose(w.out);
		assert_false(w.failed);
		assert_int_equal(sum_of(text, &n), 26);
		/* a, b, c; the second a and the one called other are with the rest */
		assert_int_equal(n, (top < 3 ? top : 3) + 1);
		strbuf_free(&w.labels);
		vec_free(&ranks);
	}
}

static void a_full_disk_is_an_error(void **state)
{
	struct world *w = *state;
	FILE *f = fopen("/dev/full", "w");

	assert_non_null(f);
	assert_int_equal(openmetrics_sink.moment(&w->m, f), -28 /* ENOSPC */);
	fclose(f);
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(golden),
		IN_WORLD(hostile_names),
		IN_WORLD(unknown_is_absent),
		IN_WORLD(a_full_disk_is_an_error),
		cmocka_unit_test(lists_are_bounded_and_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
