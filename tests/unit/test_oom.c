/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "collect/oom.h"

#define S 1000000000ull

static const struct oom_kill from_bpf = {
	.pid = 42, .has_comm = true, .comm = "victim", .time_ns = 7, .asker_pid = 3};
static const struct oom_kill from_log = {.pid = 42,
					 .has_comm = true,
					 .comm = "victim",
					 .in_log = true,
					 .in_cgroup = true,
					 .has_anon = true,
					 .anon = 4096};

static void check_both(const struct oom_kills *l)
{
	assert_int_equal(l->n, 1);
	assert_int_equal(l->v[0].pid, 42);
	assert_true(l->v[0].in_log && l->v[0].in_cgroup && l->v[0].has_anon);
	assert_int_equal(l->v[0].anon, 4096);
	assert_int_equal(l->v[0].time_ns, 7);
	assert_int_equal(l->v[0].asker_pid, 3);
}

static void two_sources_one_kill(void **state)
{
	for (int order = 0; order < 2; order++) {
		_cleanup_(oom_kills__free) struct oom_kills l = {};

		assert_int_equal(oom_kills__add(&l, order ? &from_bpf : &from_log, S), 0);
		assert_int_equal(oom_kills__add(&l, order ? &from_log : &from_bpf, S), 0);
		check_both(&l);
	}
}

static void the_second_source_comes_late(void **state)
{
	_cleanup_(oom_kills__free) struct oom_kills l = {};

	assert_int_equal(oom_kills__add(&l, &from_bpf, S), 0);
	oom_kills__done(&l, S);
	assert_int_equal(l.n, 0);
	assert_int_equal(oom_kills__add(&l, &from_log, 30 * S), 0);
	assert_int_equal(l.n, 0);
	/* the pid is another's by now */
	assert_int_equal(oom_kills__add(&l, &from_log, 100 * S), 0);
	assert_int_equal(l.n, 1);
}

static void many_kills(void **state)
{
	_cleanup_(oom_kills__free) struct oom_kills l = {};
	struct oom_kill k = {};

	for (uint32_t round = 0; round < 5; round++) {
		for (uint32_t i = 0; i < 50; i++) {
			k.pid = 1000 + round * 50 + i;
			assert_int_equal(oom_kills__add(&l, &k, S), 0);
		}
		assert_int_equal(l.n, 50);
		oom_kills__done(&l, S);
	}
	assert_int_equal(oom_kills__add(&l, &k, S), 0);
	assert_int_equal(l.n, 0);
}

struct seen {
	uint32_t n, last;
};

static int see(void *arg, const struct oom_kill *k)
{
	struct seen *seen = arg;

	seen->n++;
	seen->last = k->pid;
	return 0;
}

static void records_of_the_map(void **state)
{
	static struct mt_oom_log log;
	struct oom_source s = {.log = &log};
	_cleanup_(limits__free) struct limits l = {};
	struct seen seen = {};

	assert_int_equal(oom_source__each(&s, see, &seen), 0);
	assert_int_equal(seen.n, 0);
	for (uint32_t i = 0; i < 10; i++)
		log.kill[log.n++ % MT_OOM_KILLS] = (struct mt_oom){.tid = i};
	assert_int_equal(oom_source__each(&s, see, &seen), 0);
	assert_int_equal(seen.n, 10);
	assert_int_equal(seen.last, 9);
	assert_int_equal(oom_source__limits(&s, &l), 0);
	assert_int_equal(l.n, 0);
	/* more than it holds: the oldest are lost, and counted */
	for (uint32_t i = 0; i < 100; i++)
		log.kill[log.n++ % MT_OOM_KILLS] = (struct mt_oom){.tid = 100 + i};
	assert_int_equal(oom_source__each(&s, see, &seen), 0);
	assert_int_equal(seen.n, 10 + MT_OOM_KILLS - 1);
	assert_int_equal(seen.last, 199);
	assert_int_equal(oom_source__limits(&s, &l), 0);
	assert_int_equal(l.v[0].count, 100 - (MT_OOM_KILLS - 1));
	assert_int_equal(oom_source__each(&s, see, &seen), 0);
	assert_int_equal(seen.n, 10 + MT_OOM_KILLS - 1);
}

static void what_an_old_kernel_tells(void **state)
{
	struct mt_oom raw = {.time_ns = 100, .tid = 42, .asker_tgid = 7, .asker_comm = "asker"};
	struct oom_kill k = oom_kill_from_map(&raw, -30);

	assert_int_equal(k.pid, 42);
	assert_false(k.has_comm);
	assert_false(k.in_log);
	assert_int_equal(k.time_ns, 70);
	assert_string_equal(k.asker_comm, "asker");
	raw.tgid = 41;
	memcpy(raw.comm, "victim", 7);
	k = oom_kill_from_map(&raw, 0);
	assert_true(k.has_comm);
	assert_string_equal(k.comm, "victim");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_sources_one_kill),
		cmocka_unit_test(the_second_source_comes_late),
		cmocka_unit_test(many_kills),
		cmocka_unit_test(records_of_the_map),
		cmocka_unit_test(what_an_old_kernel_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
