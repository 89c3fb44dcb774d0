/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyze/ledger.h"
#include "collect/machine.h"
#include "collect/meminfo.h"
#include "fixture.h"
#include "model/machine.h"

#define KIB 1024ull
#define MIB (1024 * KIB)
#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t sum_of(const struct ledger *l)
{
	uint64_t sum = 0;

	for (int i = 0; i < _LEDGER_LINE_MAX; i++)
		sum += l->line[i];
	return sum;
}

static struct ledger make(const char *meminfo, const struct meminfo_line *machine, size_t n_machine,
			  const struct hidden_sample *hidden, size_t n_hidden)
{
	struct tick t = {0};
	struct ledger l;

	assert_int_equal(meminfo_parse(text_of(meminfo), &t), 0);
	assert_int_equal(ledger_make(&(struct ledger_input){t.meminfo.v, t.meminfo.n, machine,
							    n_machine, hidden, n_hidden},
				     &l),
			 0);
	assert_int_equal(sum_of(&l), l.total);
	tick__free(&t);
	return l;
}

static const char base[] = "MemTotal: 1000000 kB\n"
			   "MemFree: 400000 kB\n"
			   "MemAvailable: 600000 kB\n"
			   "Buffers: 10000 kB\n"
			   "Cached: 200000 kB\n"
			   "SwapCached: 3000 kB\n"
			   "Active(anon): 80000 kB\n"
			   "Inactive(anon): 72000 kB\n"
			   "Unevictable: 5000 kB\n"
			   "AnonPages: 100000 kB\n"
			   "Mapped: 70000 kB\n"
			   "Shmem: 50000 kB\n"
			   "KReclaimable: 33000 kB\n"
			   "Slab: 70000 kB\n"
			   "SReclaimable: 30000 kB\n"
			   "SUnreclaim: 40000 kB\n"
			   "KernelStack: 4000 kB\n"
			   "PageTables: 9000 kB\n"
			   "SecPageTables: 1000 kB\n"
			   "VmallocUsed: 14000 kB\n"
			   "Percpu: 6000 kB\n"
			   "AnonHugePages: 20000 kB\n"
			   "CmaTotal: 64000 kB\n"
			   "CmaFree: 60000 kB\n"
			   "Hugetlb: 20480 kB\n"
			   "DirectMap4k: 1000 kB\n";

/* Nothing is in two lines, and the rest is what is left. */
static void overlaps_are_resolved(void **state)
{
	struct ledger l = make(base, NULL, 0, NULL, 0);

	assert_int_equal(l.line[LEDGER_FREE], 400000 * KIB);
	assert_int_equal(l.line[LEDGER_PAGE_CACHE], 150000 * KIB);
	assert_int_equal(l.line[LEDGER_SHMEM], 50000 * KIB);
	assert_int_equal(l.line[LEDGER_SWAP_CACHE], 2000 * KIB); /* 1000 of it is mapped */
	assert_int_equal(l.line[LEDGER_KERNEL_RECLAIMABLE], 3000 * KIB);
	assert_int_equal(l.line[LEDGER_VMALLOC], 10000 * KIB);
	assert_int_equal(l.line[LEDGER_UNNAMED],
			 (1000000 - 400000 - 10000 - 150000 - 50000 - 100000 - 2000 - 30000 - 3000 -
			  40000 - 4000 - 9000 - 1000 - 10000 - 6000 - 20480) *
				 KIB);
	assert_int_equal(l.overlap, 0);
	assert_true(l.known & 1ull << LEDGER_PERCPU);
	assert_false(l.known & 1ull << LEDGER_ZSWAP);
}

static void stacks_beside_vmalloc(void **state)
{
	const struct meminfo_line apart = {MACHINE_STACKS_APART, 1, true};
	struct ledger l = make(base, &apart, 1, NULL, 0);

	assert_int_equal(l.line[LEDGER_VMALLOC], 14000 * KIB);
	assert_int_equal(l.line[LEDGER_KERNEL_STACKS], 4000 * KIB);
}

static void compressed_memory(void **state)
{
	const struct meminfo_line in_zsmalloc[] = {{MACHINE_ZSMALLOC, 9 * MIB, false},
						   {MACHINE_FREE_PCP, 2 * MIB, false}};
	const struct meminfo_line beside[] = {{MACHINE_ZSMALLOC, 9 * MIB, false},
					      {MACHINE_ZSWAP_APART, 1, true}};
	const char *text = "MemTotal: 102400 kB\nMemFree: 1024 kB\nZswap: 4096 kB\n";
	struct ledger l = make(text, in_zsmalloc, 2, NULL, 0);

	assert_int_equal(l.line[LEDGER_ZSWAP], 4 * MIB);
	assert_int_equal(l.line[LEDGER_ZSMALLOC], 5 * MIB);
	assert_int_equal(l.line[LEDGER_FREE_PCP], 2 * MIB);
	l = make(text, beside, 2, NULL, 0);
	assert_int_equal(l.line[LEDGER_ZSMALLOC], 9 * MIB);
}

/* Before 4.20 there is no Hugetlb line, before 4.19 no KReclaimable; 3.x has no Percpu. */
static void old_kernels(void **state)
{
	struct ledger l = make("MemTotal: 102400 kB\nMemFree: 1024 kB\nHugePages_Total: 10\n"
			       "Hugepagesize: 2048 kB\nSReclaimable: 100 kB\n",
			       NULL, 0, NULL, 0);

	assert_int_equal(l.line[LEDGER_HUGETLB], 20 * MIB);
	assert_false(l.known & 1ull << LEDGER_KERNEL_RECLAIMABLE);
	assert_false(l.known & 1ull << LEDGER_PERCPU);
}

/* A balloon that the driver took off MemTotal has no room in it. */
static void balloon_as_far_as_there_is_room(void **state)
{
	struct ledger l =
		make("MemTotal: 1000 kB\nMemFree: 900 kB\nBalloon: 50 kB\n", NULL, 0, NULL, 0);

	assert_int_equal(l.line[LEDGER_BALLOON], 50 * KIB);
	assert_int_equal(l.line[LEDGER_UNNAMED], 50 * KIB);
	l = make("MemTotal: 1000 kB\nMemFree: 900 kB\nBalloon: 9000 kB\n", NULL, 0, NULL, 0);
	assert_int_equal(l.line[LEDGER_BALLOON], 100 * KIB);
	assert_int_equal(l.overlap, 0);
}

static void counters_that_overlap_all_the_same(void **state)
{
	struct ledger l = make("MemTotal: 1000 kB\nMemFree: 900 kB\nPercpu: 150 kB\n"
			       "AnonPages: 20 kB\n",
			       NULL, 0, NULL, 0);

	assert_int_equal(l.overlap, 70 * KIB);
	assert_int_equal(l.line[LEDGER_PERCPU], 80 * KIB);
	assert_int_equal(l.line[LEDGER_ANON], 20 * KIB);
	assert_int_equal(l.line[LEDGER_UNNAMED], 0);
}

/* Owners divide the rest and nothing but the rest. */
static void hidden_owners_have_lines(void **state)
{
	const struct hidden_sample rows[] = {
		{.kind = HIDDEN_PACKET_RING, .id = {1, 1}, .bytes = 20 * MIB},
		{.kind = HIDDEN_PACKET_RING, .id = {2, 1}, .bytes = 10 * MIB},
		{.kind = HIDDEN_PIPE, .id = {1, 1}, .bytes = 5 * MIB},
		{.kind = HIDDEN_SLAB_UNRECLAIMABLE, .bytes = 77 * MIB},
		{.kind = HIDDEN_SOCKET, .bytes = 77 * MIB},
	};
	struct ledger l = make("MemTotal: 102400 kB\nMemFree: 51200 kB\n", NULL, 0, rows, 5);

	assert_int_equal(l.line[LEDGER_PACKET_RINGS], 30 * MIB);
	assert_int_equal(l.line[LEDGER_PIPES], 5 * MIB);
	assert_int_equal(l.line[LEDGER_SLAB_UNRECLAIMABLE], 0);
	assert_int_equal(l.line[LEDGER_UNNAMED], 15 * MIB);
	/* More than there is: the exact ones first. */
	l = make("MemTotal: 102400 kB\nMemFree: 70656 kB\n", NULL, 0, rows, 5);
	assert_int_equal(l.line[LEDGER_PACKET_RINGS], 30 * MIB);
	assert_int_equal(l.line[LEDGER_PIPES], 1 * MIB);
	assert_int_equal(l.line[LEDGER_UNNAMED], 0);
}

static void claims_stay_within_the_growth(void **state)
{
	struct ledger start = make("MemTotal: 1000 kB\nMemFree: 900 kB\n", NULL, 0, NULL, 0);
	struct ledger end = make("MemTotal: 1000 kB\nMemFree: 700 kB\n", NULL, 0, NULL, 0);

	assert_int_equal(ledger_claim(&start, &end, LEDGER_SOCKETS, 150 * KIB), 150 * KIB);
	assert_int_equal(ledger_claim(&start, &end, LEDGER_KERNEL_PAGES, 150 * KIB), 50 * KIB);
	assert_int_equal(ledger_claim(&start, &end, LEDGER_KERNEL_PAGES, 150 * KIB), 0);
	assert_int_equal(end.line[LEDGER_UNNAMED], 100 * KIB);
	assert_int_equal(sum_of(&end), end.total);
	/* Nothing grew: nothing to claim. */
	assert_int_equal(ledger_claim(&end, &start, LEDGER_SOCKETS, 1), 0);
}

static struct ledger_total total_of(const char *from, const char *to)
{
	struct tick a = {0}, b = {0};
	struct ledger_input in_a, in_b;
	struct ledger start, end;
	struct ledger_total total;

	assert_int_equal(meminfo_parse(text_of(from), &a), 0);
	assert_int_equal(meminfo_parse(text_of(to), &b), 0);
	in_a = (struct ledger_input){.meminfo = a.meminfo.v, .n_meminfo = a.meminfo.n};
	in_b = (struct ledger_input){.meminfo = b.meminfo.v, .n_meminfo = b.meminfo.n};
	assert_int_equal(ledger_make(&in_a, &start), 0);
	assert_int_equal(ledger_make(&in_b, &end), 0);
	ledger_total(&in_a, &start, &in_b, &end, &total);
	tick__free(&a);
	tick__free(&b);
	return total;
}

static void share_that_is_explained(void **state)
{
	static const char from[] = "MemTotal: 900000 kB\nMemFree: 500000 kB\nCached: 100000 kB\n"
				   "MemAvailable: 600000 kB\nAnonPages: 100000 kB\n"
				   "Unevictable: 0 kB\n";
	struct ledger_total t = total_of(from, "MemTotal: 900000 kB\nMemFree: 300000 kB\n"
					       "Cached: 100000 kB\nMemAvailable: 400000 kB\n"
					       "AnonPages: 250000 kB\nUnevictable: 0 kB\n");

	assert_true(t.known && t.permille_known);
	assert_int_equal(t.available, -200000 * (int64_t)KIB);
	assert_int_equal(t.unnamed, 50000 * KIB);
	assert_int_equal(t.explained_permille, 750);
	/* Nothing that grew is known: nothing is explained. */
	t = total_of(from, "MemTotal: 900000 kB\nMemFree: 300000 kB\nCached: 100000 kB\n"
			   "MemAvailable: 400000 kB\nAnonPages: 100000 kB\n");
	assert_int_equal(t.explained_permille, 0);
	/* Locked cache is no longer available: said by name. */
	t = total_of(from, "MemTotal: 900000 kB\nMemFree: 500000 kB\nCached: 100000 kB\n"
			   "MemAvailable: 540000 kB\nAnonPages: 100000 kB\n"
			   "Unevictable: 60000 kB\n");
	assert_int_equal(t.locked, 60000 * KIB);
	assert_int_equal(t.explained_permille, 1000);
	/* Too small for a share. */
	t = total_of(from, "MemTotal: 900000 kB\nMemFree: 499000 kB\nCached: 100000 kB\n"
			   "MemAvailable: 599000 kB\nAnonPages: 101000 kB\n");
	assert_true(t.known && !t.permille_known);
}

/* What guests of these kernels say: closes, with little that nobody names, and no line unknown. */
static void captured_kernels(void **state)
{
	static const char *const kernels[] = {"5.10", "6.1", "6.12", "6.18", "7.2"};

	for (size_t i = 0; i < N_OF(kernels); i++) {
		char path[64];
		struct tick t = {0};
		struct ledger l;
		int root;

		snprintf(path, sizeof(path), "tests/fixtures/kernels/%s", kernels[i]);
		root = open_root(path);
		assert_int_equal(meminfo_read(root, &t), 0);
		assert_int_equal(machine_read(root, 4096, &t), 0);
		close(root);
		assert_int_equal(
			ledger_make(&(struct ledger_input){t.meminfo.v, t.meminfo.n, t.machine.v,
							   t.machine.n, NULL, 0},
				    &l),
			0);
		assert_int_equal(sum_of(&l), l.total);
		assert_int_equal(l.overlap, 0);
		assert_true(l.line[LEDGER_FREE_PCP] > 0);
		assert_true(l.line[LEDGER_UNNAMED] < 20 * MIB);
		assert_true(l.known & 1ull << LEDGER_VMALLOC);
		vec_for_each(line, &t.meminfo)
			if (!meminfo_is_classified(line->name))
				fail_msg("%s: %s is not classified", kernels[i], line->name);
		tick__free(&t);
	}
}

/* Any numbers: it closes, and nothing overflows (the sanitizer watches). */
static void absurd_numbers(void **state)
{
	static const uint64_t values[] = {0, 1, 4096, 1ull << 40, UINT64_MAX / 2, UINT64_MAX};
	static const char *const names[] = {"MemTotal",	 "MemFree",	"Cached",      "Shmem",
					    "AnonPages", "VmallocUsed", "KernelStack", "Balloon",
					    "Hugetlb",	 "GPUActive",	"MemAvailable"};
	uint32_t seed = 1;

	for (int round = 0; round < 2000; round++) {
		struct meminfo_line lines[N_OF(names)];
		struct ledger_input in = {.meminfo = lines, .n_meminfo = N_OF(names)};
		struct ledger_total total;
		struct ledger l;

		memset(lines, 0, sizeof(lines));
		for (size_t i = 0; i < N_OF(names); i++) {
			seed = seed * 1103515245 + 12345;
			strcpy(lines[i].name, names[i]);
			lines[i].bytes = values[(seed >> 16) % N_OF(values)];
		}
		assert_int_equal(ledger_make(&in, &l), 0);
		assert_int_equal(sum_of(&l), l.total);
		ledger_total(&in, &l, &in, &l, &total);
	}
	assert_int_equal(ledger_make(&(struct ledger_input){0}, &(struct ledger){0}), -ENOENT);
}

static void words(void **state)
{
	for (int i = 0; i < _LEDGER_LINE_MAX; i++) {
		assert_int_equal(ledger_line_find(ledger_lines[i].word), i);
		assert_true(strlen(ledger_lines[i].title) <= 32);
		assert_non_null(ledger_lines[i].source);
	}
	assert_true(ledger_line_find("nothing") < 0);
	for (int i = 0; i < _HIDDEN_KIND_MAX; i++)
		assert_non_null(hidden_kinds[i].source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overlaps_are_resolved),
		cmocka_unit_test(stacks_beside_vmalloc),
		cmocka_unit_test(compressed_memory),
		cmocka_unit_test(old_kernels),
		cmocka_unit_test(balloon_as_far_as_there_is_room),
		cmocka_unit_test(counters_that_overlap_all_the_same),
		cmocka_unit_test(hidden_owners_have_lines),
		cmocka_unit_test(claims_stay_within_the_growth),
		cmocka_unit_test(share_that_is_explained),
		cmocka_unit_test(captured_kernels),
		cmocka_unit_test(absurd_numbers),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
