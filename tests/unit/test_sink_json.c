/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <json.h>
#include <unistd.h>

#include "base/str.h"
#include "golden.h"
#include "leak_run.h"
#include "sink/json_write.h"
#include "store/session.h"

static struct json_object *parse(const char *text)
{
	struct json_tokener *t = json_tokener_new();
	struct json_object *o;

	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(t, text, (int)strlen(text) + 1);
	if (json_tokener_get_error(t) != json_tokener_success)
		fail_msg("%s at %zu", json_tokener_error_desc(json_tokener_get_error(t)),
			 json_tokener_get_parse_end(t));
	json_tokener_free(t);
	return o;
}

/* "a.b" or "a.2.b"; NULL: absent. */
static struct json_object *find(struct json_object *o, const char *path)
{
	char name[64];

	while (o && *path) {
		size_t len = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		if (json_object_is_type(o, json_type_array))
			o = json_object_array_get_idx(o, (size_t)(*name - '0'));
		else
			o = json_object_object_get(o, name);
		path += len + (path[len] == '.');
	}
	return o;
}

static int64_t number(struct json_object *o, const char *path)
{
	struct json_object *v = find(o, path);

	if (!v)
		fail_msg("%s is absent", path);
	return json_object_get_int64(v);
}

static void assert_text(struct json_object *o, const char *path, const char *want)
{
	struct json_object *v = find(o, path);

	if (!v)
		fail_msg("%s is absent", path);
	assert_string_equal(json_object_get_string(v), want);
}

static void golden_files(void **state)
{
	struct report *(*const make[])(void) = {story_report, hostile_report, empty_report,
						watched_leak_report};
	const char *const names[] = {"story.json", "hostile.json", "empty.json", "leak.json"};

	for (size_t i = 0; i < N_OF(make); i++) {
		struct report *r = make[i]();
		char *text = written(&json_sink, r);

		json_object_put(parse(text));
		assert_golden(names[i], text);
		free(text);
		report__free(r);
	}
}

/* The members that DESIGN's schema promises, by meaning and not by look. */
static void contract(void **state)
{
	struct report *r = story_report();
	char *text = written(&json_sink, r);
	struct json_object *o = parse(text);

	assert_text(o, "schema", "memtrace.report/1");
	assert_text(o, "host.kernel", "6.18.0-test");
	assert_int_equal(number(o, "host.mem_total_bytes"), 16384 * MIB);
	assert_text(o, "mode", "pid");
	assert_int_equal(number(o, "duration_s"), 20);
	assert_text(o, "ledger.0.line", "free");
	assert_int_equal(number(o, "ledger.0.delta_bytes"), -300 * (int64_t)MIB);
	assert_int_equal(number(o, "ledger_total.available_delta_bytes"), -300 * (int64_t)MIB);
	assert_int_equal(number(o, "processes.0.pid"), 1234);
	assert_int_equal(number(o, "processes.0.anon_bytes.start"), 12 * MIB);
	assert_int_equal(number(o, "processes.0.anon_bytes.end"), 280 * MIB);
	assert_int_equal(number(o, "processes.0.anon_bytes.delta"), 268 * MIB);
	assert_int_equal(number(o, "processes.0.attributed.user_page_bytes"), 268 * MIB);
	assert_int_equal(number(o, "processes.0.rate_bytes_per_hour"), 268 * MIB * 180);
	assert_int_equal(number(o, "processes.0.uss_bytes.end"), 280 * MIB);
	assert_text(o, "processes.0.cgroup", "/system.slice/shop.service");
	assert_int_equal(number(o, "processes.1.end.signal"), 9);
	assert_int_equal(number(o, "left_behind.0.held_bytes"), 122 * MIB);
	assert_int_equal(number(o, "left_behind.0.residue.inherited_bytes"), 40 * MIB);
	assert_text(o, "limits.1.kind", "pages_moved_lost");
	assert_int_equal(number(o, "limits.1.count"), 17);
	assert_int_equal(number(o, "self.rss_bytes"), 9 * MIB);
	/* 1234 started 1234 s after boot, which was a day before the run */
	assert_text(o, "start", "2023-11-14T22:13:20.123Z");
	assert_text(o, "processes.0.start_time", "2023-11-13T22:33:54.123Z");

	/* unknown is absent */
	assert_null(find(o, "processes.0.fds"));
	assert_null(find(o, "processes.1.swap_bytes"));
	assert_null(find(o, "processes.1.pss_bytes"));
	assert_null(find(o, "processes.1.cgroup"));
	assert_null(find(o, "processes.0.end"));
	assert_null(find(o, "processes.0.anon_bytes.approx"));
	assert_non_null(find(o, "processes.2.anon_bytes.approx"));
	assert_null(find(o, "left_behind.1.residue"));
	assert_null(find(o, "left_behind.1.pid"));
	assert_null(find(o, "self.bpf_ns"));
	json_object_put(o);
	free(text);
	report__free(r);
}

/* Nothing a name holds leaves its string, and what was UTF-8 comes back as it was. */
static void hostile_strings_are_kept_in(void **state)
{
	struct report *r = hostile_report();
	char *text = written(&json_sink, r);
	struct json_object *o = parse(text);
	size_t n = json_object_array_length(find(o, "processes"));

	assert_int_equal(n, 2 * N_OF(hostile_strings));
	for (size_t i = 0; i < n; i++) {
		struct json_object *p = json_object_array_get_idx(find(o, "processes"), i);
		char want[64];

		safe_utf8(want, sizeof(want), hostile((size_t)number(p, "pid")), COMM_SIZE - 1);
		assert_text(p, "comm", want);
	}
	assert_text(o, "events.1.text", "two\nlines\r\t");
	assert_text(o, "host.name", "host\"7\n");
	for (const char *c = text; *c; c++)
		assert_true((unsigned char)*c >= ' ' || *c == '\n');
	json_object_put(o);
	free(text);
	report__free(r);
}

/* Numbers at the ends of their ranges are written, or left out, never changed. */
static void extreme_numbers(void **state)
{
	struct report r = {.n_ticks = UINT64_MAX, .duration_ns = UINT64_MAX};
	struct report_process p = {.id = {UINT32_MAX, UINT64_MAX},
				   .growth_known = true,
				   .growth_bytes = INT64_MIN,
				   .rate_known = true,
				   .rate_bytes_per_hour = 1e300,
				   .attributed = {.known = true, .live = {INT64_MIN, INT64_MAX}}};
	struct json_object *o;
	char *text;

	p.value[PROC_RSS] = (struct span){true, false, 0, UINT64_MAX};
	assert_int_equal(vec_push(&r.processes, p), 0);
	text = written(&json_sink, &r);
	o = parse(text);
	assert_non_null(strstr(text, "\"samples\":18446744073709551615"));
	assert_non_null(strstr(text, "\"end\":18446744073709551615"));
	assert_non_null(strstr(text, "\"duration_s\":18446744073.709551615"));
	assert_non_null(strstr(text, "\"start_ticks\":18446744073709551615"));
	assert_true(number(o, "processes.0.growth_bytes") == INT64_MIN);
	assert_true(number(o, "processes.0.attributed.user_page_bytes") == INT64_MIN);
	assert_null(find(o, "processes.0.rate_bytes_per_hour"));
	assert_null(find(o, "processes.0.start_time"));
	json_object_put(o);
	free(text);
	vec_free(&r.processes);
}

static void full_disk(void **state)
{
	struct report *r = story_report();

	assert_write_error(&json_sink, r);
	report__free(r);
}

/* Out of memory in the middle is an error, not a report that lacks a member. */
static void spoiled_objects(void **state)
{
	struct json_object *inner = json_new(), *outer = json_new();
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct json_writer w = {.out = f};

	json_add(inner, "missing", NULL);
	json_add(outer, "inner", inner);
	json_begin(&w);
	json_members(&w, outer);
	assert_int_equal(json_end(&w), -12 /* ENOMEM */);
	fclose(f);
	free(text);
}

/* --- live and replayed --- */

static int take_info(void *arg, const struct run_info *info)
{
	return history__new(info, arg);
}

static int take_tick(void *arg, const struct tick *t)
{
	return history__add(*(struct history **)arg, t);
}

static char *report_text(const struct history *h)
{
	struct report *r = NULL;
	char *text;

	assert_int_equal(report__build(h, &(struct report_options){0}, &r), 0);
	text = written(&json_sink, r);
	report__free(r);
	return text;
}

static void live_equals_replayed(const struct run_info *info, void (*const *make)(struct tick *))
{
	char dir[] = "/tmp/memtrace-replay-XXXXXX", path[64];
	struct history *live = NULL, *replayed = NULL;
	struct session_reader reader = {take_info, take_tick, &replayed};
	struct session *s = NULL;
	char *a, *b;
	int fd;

	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(history__new(info, &live), 0);
	assert_int_equal(session__create(fd, "s.db", info, 0, &s), 0);
	for (; *make; make++) {
		struct tick t = {0};

		(*make)(&t);
		assert_int_equal(history__add(live, &t), 0);
		assert_int_equal(session__write(s, &t), 0);
		tick__free(&t);
	}
	assert_int_equal(session__finish(s), 0);
	session__close(s);
	snprintf(path, sizeof(path), "%s/s.db", dir);
	assert_int_equal(session__replay(path, &reader), 0);

	a = report_text(live);
	b = report_text(replayed);
	assert_string_equal(a, b);
	assert_true(strlen(a) > 2000);
	free(a);
	free(b);
	history__free(live);
	history__free(replayed);
	unlink(path);
	rmdir(dir);
	close(fd);
}

static void report_from_a_file_equals_the_live_one(void **state)
{
	static void (*const story[])(struct tick *) = {story_start, story_end, NULL};
	static void (*const hostile_run[])(struct tick *) = {hostile_tick_0, hostile_tick_1,
							     hostile_tick_2, NULL};
	struct run_info info = story_info();

	live_equals_replayed(&info, story);
	info = sample_info();
	live_equals_replayed(&info, hostile_run);
}

static void found_by_name(void **state)
{
	assert_ptr_equal(sink_find("json"), &json_sink);
	assert_ptr_equal(sink_find("text"), &text_sink);
	assert_null(sink_find("jso"));
	assert_null(sink_find(""));
	for (const struct sink *const *s = sink_all(); *s; s++)
		assert_ptr_equal(sink_find((*s)->name), *s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_files),
		cmocka_unit_test(contract),
		cmocka_unit_test(hostile_strings_are_kept_in),
		cmocka_unit_test(extreme_numbers),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(spoiled_objects),
		cmocka_unit_test(report_from_a_file_equals_the_live_one),
		cmocka_unit_test(found_by_name),
	};

	return cmocka_run_group_tests_name("sink_json", tests, NULL, NULL);
}
