/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "model/report_analysis.h"
#include "sample_report.h"

static void ring_tick(struct tick *t, uint64_t ring, uint64_t shm, uint64_t own)
{
	const struct meminfo_line lines[] = {
		{"MemTotal", 4000 * MIB, false},
		{"MemFree", 3000 * MIB - ring - shm, false},
		{"MemAvailable", 3000 * MIB - ring - shm, false},
		{"Cached", shm, false},
		{"Shmem", shm, false},
	};
	const struct hidden_sample rows[] = {
		{.kind = HIDDEN_PACKET_RING, .id = {812, 1}, .comm = "tcpdump", .bytes = ring},
		{.kind = HIDDEN_LOOK},
	};
	const struct proc_sample p = story_proc(900, "memtrace", own, 0);

	begin_tick(t, ring != 0, ring ? 60 : 0);
	for (size_t i = 0; i < N_OF(lines); i++)
		assert_int_equal(vec_push(&t->meminfo, lines[i]), 0);
	for (size_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(vec_push(&t->hidden, rows[i]), 0);
	assert_int_equal(vec_push(&t->procs, p), 0);
	assert_int_equal(facts__add(&t->facts, "self", "pid", "900"), 0);
}

static void ring_start(struct tick *t)
{
	ring_tick(t, 0, 0, 10 * MIB);
}

static void ring_end(struct tick *t)
{
	ring_tick(t, 300 * MIB, 100 * MIB, 90 * MIB);
}

/* Each once: who holds what went, and what explains the rest; memtrace's own growth is its cost. */
static void what_went_where(void **state)
{
	static void (*const ticks[])(struct tick *) = {ring_start, ring_end, NULL};
	struct run_info info = sample_info();
	const struct report_look *looks;
	struct report *r;

	put(info.mode, sizeof(info.mode), "analyze");
	r = report_of(&info, &(struct report_options){.top = 10}, ticks);
	looks = r->analysis->looks.v;
	assert_int_equal(r->analysis->looks.n, 2);
	assert_int_equal(looks[0].kind, LOOK_HIDDEN);
	assert_string_equal(looks[0].reason,
			    "300 MiB of the 400 MiB that MemAvailable lost is packet rings: 300 "
			    "MiB of tcpdump (pid 812) (sock_diag); no meminfo line names it; freed "
			    "when the socket is closed");
	assert_string_equal(looks[0].next, "ls -l /proc/812/fd | grep socket");
	assert_int_equal(looks[1].kind, LOOK_UNNAMED);
	assert_string_equal(looks[1].reason,
			    "another 100 MiB of the 400 MiB that MemAvailable lost is shared "
			    "memory, tmpfs; stays until it is removed, whoever made it");
	report__free(r);
}

static void young_tick(struct tick *t, unsigned int n, uint64_t at_s, uint64_t own)
{
	const struct meminfo_line lines[] = {
		{"MemTotal", 24000 * MIB, false},
		{"MemFree", 20000 * MIB - own, false},
		{"MemAvailable", 20000 * MIB - own, false},
		{"AnonPages", own, false},
	};

	begin_tick(t, n, at_s);
	for (size_t i = 0; i < N_OF(lines); i++)
		assert_int_equal(vec_push(&t->meminfo, lines[i]), 0);
	if (own)
		assert_int_equal(vec_push(&t->procs, story_proc(812, "qemu", own, 0)), 0);
}

static void young_start(struct tick *t)
{
	young_tick(t, 0, 0, 0);
}

static void young_begins(struct tick *t)
{
	young_tick(t, 1, 15, 80 * MIB);
}

static void young_end(struct tick *t)
{
	young_tick(t, 2, 20, 200 * MIB);
}

/* Less than a hundredth of the machine, of one who takes what it needs to run: not a leak, and
 * still where the memory is. */
static void what_went_is_told_without_a_leak(void **state)
{
	static void (*const ticks[])(struct tick *) = {young_start, young_begins, young_end, NULL};
	struct run_info info = sample_info();
	struct report *r;

	put(info.mode, sizeof(info.mode), "analyze");
	info.mem_total = 24000 * MIB;
	r = report_of(&info, &(struct report_options){.top = 10}, ticks);
	assert_int_equal(r->analysis->looks.n, 1);
	assert_int_equal(r->analysis->looks.v[0].kind, LOOK_UNNAMED);
	assert_string_equal(r->analysis->looks.v[0].reason,
			    "200 MiB of the 200 MiB that MemAvailable lost is anonymous: "
			    "120 MiB of qemu (pid 812); memory of processes");
	assert_int_equal(r->analysis->looks.v[0].urgency, 450);
	report__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_went_where),
		cmocka_unit_test(what_went_is_told_without_a_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
