/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "analyze/report_verdict.h"
#include "leak_run.h"
#include "sink/sink.h"
#include "store/session.h"

#include <fcntl.h>
#include <unistd.h>

static const struct report_grower *grower(const struct report *r, uint32_t pid, const char *name,
					  const char *series)
{
	vec_for_each(g, &r->growers)
		if (g->id.pid == pid && !strcmp(g->name, name) &&
		    !strcmp(g->verdict.series, series))
			return g;
	return NULL;
}

static const struct report_process *process(const struct report *r, uint32_t pid)
{
	vec_for_each(p, &r->processes)
		if (p->id.pid == pid)
			return p;
	fail_msg("no pid %u in the report", pid);
	return NULL;
}

static void assert_rate(const struct report_verdict *v, double want)
{
	assert_true(v->has_rate);
	if (v->rate_low > want || v->rate_high < want)
		fail_msg("%f not within %f to %f", want, v->rate_low, v->rate_high);
}

static void test_what_leaks(void **state)
{
	struct report *r = watched_leak_report();
	const struct report_grower *g = grower(r, PID_LEAKS, "", "anon_swap");
	size_t n_counting = 0;

	assert_non_null(g);
	assert_true(g->verdict.is_leak && g->watched && g->counts);
	assert_rate(&g->verdict, LEAK_RATE);
	assert_ptr_equal(g, &r->growers.v[0]);
	assert_string_equal(process(r, PID_LEAKS)->verdict.kind, "leak");
	assert_int_equal(g->verdict.samples, LEAK_TICKS);

	g = grower(r, PID_LEAKS, "", "heap");
	assert_true(g && g->verdict.is_leak && g->is_part && !g->counts);
	g = grower(r, PID_FDS, "", "fds");
	assert_true(g && g->verdict.is_leak && g->verdict.is_count && g->counts && !g->watched);
	assert_rate(&g->verdict, 240);
	/* slab caches are everybody's: an hour is too short */
	g = grower(r, 0, "sock_inode_cache", "slab");
	assert_true(g && g->verdict.is_growing);
	assert_rate(&g->verdict, LEAK_RATE);
	g = grower(r, 0, "/system.slice/web.service", "cgroup");
	assert_true(g && g->verdict.is_leak);
	assert_rate(&g->verdict, LEAK_RATE);
	vec_for_each(it, &r->growers)
		n_counting += it->counts;
	assert_int_equal(r->judged.leaks + r->judged.suspected, n_counting);
	assert_true(n_counting < r->growers.n);
	report__free(r);
}

static void test_what_does_not(void **state)
{
	static const uint32_t innocent[] = {PID_CACHE, PID_SWAPPED, PID_IDLE, PID_WALK};
	struct report *r = watched_leak_report();
	const struct report_grower *g;
	size_t n_lines = 0;

	for (size_t i = 0; i < N_OF(innocent); i++)
		vec_for_each(it, &r->growers)
			if (it->id.pid == innocent[i] && it->verdict.is_leak)
				fail_msg("%s: %s", it->comm, it->verdict.reason);
	assert_string_equal(process(r, PID_CACHE)->verdict.kind, "plateau");
	/* what the kernel takes back is suspected at most, and called a cache */
	g = grower(r, 0, "dentry", "slab");
	assert_true(g && !g->verdict.is_leak);
	assert_non_null(strstr(g->verdict.reason, "it is a cache"));
	g = grower(r, PID_FILES, "", "rss");
	assert_true(g && !g->verdict.is_leak);
	assert_non_null(strstr(g->verdict.reason, "it is a cache"));
	/* an hour of the whole machine is part of a day */
	vec_for_each(it, &r->growers)
		assert_false(!strcmp(it->subject, "ledger") && it->verdict.is_leak);
	vec_for_each(l, &r->ledger)
		n_lines += l->verdict.known;
	assert_true(n_lines > 0);
	report__free(r);
}

static void test_what_is_in_a_container_is_its_part(void **state)
{
	const struct report_grower *whole, *inner;
	uint32_t leaks;
	struct report *r;

	leak_runtime = RUNTIME_PODMAN;
	r = watched_leak_report();
	leaks = r->judged.leaks;
	report__free(r);
	leak_has_inner = true;
	r = watched_leak_report();
	leak_has_inner = false;
	leak_runtime = RUNTIME_SERVICE;
	whole = grower(r, 0, "/system.slice/web.service", "cgroup");
	inner = grower(r, 0, "/system.slice/web.service/init", "cgroup");
	assert_true(whole && whole->verdict.is_leak && !whole->is_part);
	assert_true(inner && inner->verdict.is_leak && inner->is_part);
	assert_int_equal(r->judged.leaks, leaks);
	report__free(r);
}

/* Of the machine 12000 MiB were available, of the container's limit less is left. */
static void test_exhaustion(void **state)
{
	struct report *r = watched_leak_report();
	const struct report_verdict *v = &process(r, PID_LEAKS)->verdict;
	double left = 128 - 60 - 6;

	assert_true(v->has_exhaustion);
	assert_string_equal(v->exhausts, "/system.slice/web.service");
	assert_in_range((uint64_t)v->exhaustion_s, (uint64_t)(left * 580), (uint64_t)(left * 620));
	assert_true(v->exhaustion_low_s <= v->exhaustion_s &&
		    v->exhaustion_s <= v->exhaustion_high_s);
	v = &grower(r, 0, "sock_inode_cache", "slab")->verdict;
	assert_true(v->has_exhaustion);
	assert_string_equal(v->exhausts, "");
	report__free(r);
}

static void test_words(void **state)
{
	struct report *r = watched_leak_report();
	const struct report_grower *g = grower(r, 0, "/system.slice/web.service", "cgroup");

	assert_non_null(strstr(g->verdict.reason, "the kernel reclaimed in it 12 times"));
	assert_int_equal(r->containers.n, 1);
	assert_int_equal(r->containers.v[0].reclaims, 12);
	assert_non_null(strstr(r->head.v[0].text, "LEAK: web (pid 100): anonymous memory"));
	assert_non_null(strstr(r->head.v[0].text, "limit of /system.slice/web.service"));
	report__free(r);
}

static char *written_by(const struct sink *sink, const struct report *r)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(sink->write(r, out), 0);
	fclose(out);
	return text;
}

/* Eight MiB a second for eight of ten seconds: it may go on, or have come to rest. */
static struct report *stopped_report(void)
{
	struct run_info info = leak_info("pid");
	struct history *h = NULL;
	struct follow *f = NULL;
	struct report *r = NULL;

	assert_false(history__new(&info, &h) || follow__new(&f));
	for (uint64_t seq = 0; seq < 11; seq++) {
		struct proc_sample p = story_proc(PID_LEAKS, "filler", MIB, 0);
		struct tick t = {0};

		p.flags = PROC_TARGET;
		p.value[PROC_ANON] += seq ? MIB + (seq < 8 ? seq : 8) * 8 * MIB : 0;
		begin_tick(&t, seq, seq);
		assert_int_equal(vec_push(&t.procs, p), 0);
		assert_false(history__add(h, &t) || follow__tick(f, &t));
		tick__free(&t);
	}
	assert_int_equal(report__build(h, &(struct report_options){.follow = f}, &r), 0);
	history__free(h);
	follow__free(f);
	return r;
}

static void test_a_rate_that_may_be_none_is_unknown(void **state)
{
	struct report *r = stopped_report();
	const struct report_verdict *v = &process(r, PID_LEAKS)->verdict;
	char *text = written_by(&text_sink, r), *json = written_by(&json_sink, r);

	assert_true(v->is_growing);
	assert_false(v->has_rate || v->has_exhaustion);
	assert_non_null(strstr(v->reason, "grew 65.0 MiB in 11 s and hardly any more at its end"));
	assert_non_null(strstr(v->reason, "; whether it goes on cannot be told yet"));
	assert_null(strstr(v->reason, "an hour"));
	assert_non_null(strstr(r->head.v[0].text, " at an unknown rate, "));
	assert_null(strstr(r->head.v[0].text, "/h"));
	assert_non_null(strstr(text, "rate unknown"));
	assert_non_null(strstr(json, "\"verdict\":{\"series\":\"anon_swap\""));
	assert_null(strstr(json, "\"rate_low\""));
	free(text);
	free(json);
	report__free(r);
}

/* Nine minutes: of what nobody asked for it is too early to tell. */
static void test_what_is_new_is_suspected(void **state)
{
	struct report *r = leak_report("monitor", 0, 18);

	assert_int_equal(r->judged.leaks, 0);
	assert_true(grower(r, PID_FDS, "", "fds")->verdict.is_growing);
	report__free(r);
	r = leak_report("pid", PROC_TARGET, 18);
	assert_true(grower(r, PID_LEAKS, "", "anon_swap")->verdict.is_leak);
	report__free(r);
}

/* A run that watches somebody is not failed by others; one of the machine is. */
static void test_gate(void **state)
{
	struct report *r = watched_leak_report();

	assert_true(report_verdict__has(r, VERDICT_LEAK));
	report__free(r);
	r = leak_report("pid", 0, LEAK_TICKS);
	assert_true(r->judged.leaks > 0);
	assert_false(report_verdict__has(r, VERDICT_LEAK));
	assert_false(report_verdict__has(r, VERDICT_GROWING));
	report__free(r);
	r = leak_report("monitor", 0, LEAK_TICKS);
	assert_true(report_verdict__has(r, VERDICT_LEAK));
	report__free(r);
	r = leak_report("pid", PROC_TARGET, 6);
	assert_false(report_verdict__has(r, VERDICT_GROWING));
	assert_string_equal(process(r, PID_LEAKS)->verdict.kind, "insufficient");
	assert_non_null(strstr(r->head.v[1].text, "too short to tell"));
	report__free(r);
}

static void test_without_series_nothing_is_said(void **state)
{
	struct run_info info = leak_info("monitor");
	struct history *h = NULL;
	struct report *r = NULL;
	struct tick t = {0};

	assert_int_equal(history__new(&info, &h), 0);
	leak_tick(&t, 0, PROC_TARGET);
	assert_int_equal(history__add(h, &t), 0);
	assert_int_equal(report__build(h, &(struct report_options){0}, &r), 0);
	assert_false(r->judged.known);
	assert_false(process(r, PID_LEAKS)->verdict.known);
	assert_int_equal(r->growers.n + r->containers.n + r->slab_caches.n, 0);
	report__free(r);
	history__free(h);
	tick__free(&t);
}

/* --- from a file --- */

struct replayed {
	struct history *h;
	struct follow *f;
};

static int take_info(void *arg, const struct run_info *info)
{
	struct replayed *r = arg;

	return history__new(info, &r->h) || follow__new(&r->f);
}

static int take_tick(void *arg, const struct tick *t)
{
	struct replayed *r = arg;

	return history__add(r->h, t) || follow__tick(r->f, t);
}

static void test_a_file_gives_the_same_verdicts(void **state)
{
	char dir[] = "/tmp/memtrace-rejudge-XXXXXX", path[64];
	struct report *live = watched_leak_report(), *again = NULL;
	struct replayed replayed = {0};
	struct session_reader reader = {take_info, take_tick, &replayed};
	struct run_info info = leak_info("pid");
	struct session *s = NULL;
	char *a, *b;
	int fd;

	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(session__create(fd, "s.db", &info, 0, &s), 0);
	for (uint64_t seq = 0; seq < LEAK_TICKS; seq++) {
		struct tick t = {0};

		leak_tick(&t, seq, PROC_TARGET);
		assert_int_equal(session__write(s, &t), 0);
		tick__free(&t);
	}
	assert_int_equal(session__finish(s), 0);
	session__close(s);
	snprintf(path, sizeof(path), "%s/s.db", dir);
	assert_int_equal(session__replay(path, &reader), 0);
	assert_int_equal(
		report__build(replayed.h,
			      &(struct report_options){.min_bytes = 65536, .follow = replayed.f},
			      &again),
		0);
	a = written_by(&json_sink, live);
	b = written_by(&json_sink, again);
	assert_string_equal(a, b);
	assert_non_null(strstr(a, "\"kind\":\"leak\""));
	free(a);
	free(b);
	report__free(live);
	report__free(again);
	history__free(replayed.h);
	follow__free(replayed.f);
	unlink(path);
	rmdir(dir);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_leaks),
		cmocka_unit_test(test_what_does_not),
		cmocka_unit_test(test_what_is_in_a_container_is_its_part),
		cmocka_unit_test(test_exhaustion),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_a_rate_that_may_be_none_is_unknown),
		cmocka_unit_test(test_what_is_new_is_suspected),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_without_series_nothing_is_said),
		cmocka_unit_test(test_a_file_gives_the_same_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
