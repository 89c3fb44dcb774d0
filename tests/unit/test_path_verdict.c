/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "sample_report.h"

#define INTERVAL_S 30
#define SAMPLE (512ULL << 10)
#define PID 100

/* A run of one process and its paths. */
struct scene {
	uint64_t n_ticks;
	uint32_t flags; /* of the process */
	size_t n_paths; /* leaves: nodes 2, 3, … below node 1 */
	enum path_domain domain;
	/* bytes, and how many samples they come from (0: counted) */
	uint64_t (*live)(uint32_t id, uint64_t seq, uint64_t *ret_samples);
	/* at the last tick, of every path; NULL: not told */
	const uint64_t *ages;
	const char *cache;
	bool is_reclaimable;
	uint64_t salt;
};

static uint64_t salt;

static void add_code(struct tick *t, const struct scene *s)
{
	const struct code_module m = {.id = 1, .name = strdup("/bin/x")};

	assert_int_equal(vec_push(&t->modules, m), 0);
	assert_int_equal(vec_push(&t->nodes, (struct code_node){1, 0, 1, 0x100}), 0);
	for (uint32_t i = 0; i < s->n_paths; i++)
		assert_int_equal(
			vec_push(&t->nodes, (struct code_node){i + 2, 1, 1, 0x200 + 8 * i}), 0);
}

/* At the end, as in a run: the first two are one function. */
static void add_names(struct tick *t, const struct scene *s)
{
	for (uint32_t i = 0; i < s->n_paths; i++) {
		const struct code_symbol sym = {.module = 1,
						.addr = 0x200 + 8 * i,
						.function = strdup(i < 2 ? "both" : "other")};

		assert_int_equal(vec_push(&t->symbols, sym), 0);
	}
}

static void add_paths(struct tick *t, const struct scene *s, uint64_t seq)
{
	for (uint32_t id = 1; id <= s->n_paths; id++) {
		uint64_t samples = 0, live = s->live(id, seq, &samples);
		struct path_sample p = {.id = id,
					.domain = s->domain,
					.proc = {PID, 100 * PID},
					.leaf = id + 1,
					.live = live,
					.taken = live,
					.samples = samples,
					.error = (uint64_t)(2 * sqrt((double)samples) * SAMPLE)};

		if (s->cache)
			put(p.what, sizeof(p.what), s->cache);
		assert_int_equal(vec_push(&t->paths, p), 0);
	}
}

static void add_ages(struct tick *t, const struct scene *s)
{
	for (uint32_t id = 1; s->ages && id <= s->n_paths; id++) {
		struct path_ages a = {.id = id, .begin_ns = 1, .end_ns = t->mono_ns};

		memcpy(a.live, s->ages, sizeof(a.live));
		assert_int_equal(vec_push(&t->ages, a), 0);
	}
}

static void fill_tick(struct tick *t, const struct scene *s, uint64_t seq)
{
	struct proc_sample p = story_proc(PID, "web", 50 * MIB, 0);
	struct slab_sample slab = {.reclaim_known = true, .is_reclaimable = s->is_reclaimable};

	p.flags = s->flags;
	begin_tick(t, seq, seq * INTERVAL_S);
	assert_int_equal(vec_push(&t->procs, p), 0);
	if (s->cache) {
		put(slab.name, sizeof(slab.name), s->cache);
		assert_int_equal(vec_push(&t->slabs, slab), 0);
	}
	if (!seq) {
		const struct sampling_stats sampling = {.asked_bytes = SAMPLE,
							.interval_bytes = SAMPLE};

		add_code(t, s);
		assert_int_equal(vec_push(&t->sampling, sampling), 0);
	}
	add_paths(t, s, seq);
	if (seq + 1 == s->n_ticks) {
		add_names(t, s);
		add_ages(t, s);
	}
}

static struct report *run(const struct scene *s)
{
	struct run_info info = story_info();
	struct history *h = NULL;
	struct follow *f = NULL;
	struct report *r = NULL;

	salt = s->salt;
	assert_int_equal(history__new(&info, &h), 0);
	assert_int_equal(follow__new(&f), 0);
	for (uint64_t seq = 0; seq < s->n_ticks; seq++) {
		struct tick t = {0};

		fill_tick(&t, s, seq);
		assert_int_equal(history__add(h, &t), 0);
		assert_int_equal(follow__tick(f, &t), 0);
		tick__free(&t);
	}
	assert_true(h->code.track.n <= TRACK_MOMENTS);
	assert_int_equal(report__build(h, &(struct report_options){.follow = f}, &r), 0);
	history__free(h);
	follow__free(f);
	return r;
}

static const struct report_verdict *verdict_of(const struct report *r, const char *function)
{
	vec_for_each(p, &r->paths)
		if (p->frames.v[0].function && !strcmp(p->frames.v[0].function, function))
			return &p->verdict;
	fail_msg("no path of %s", function);
	return NULL;
}

static bool grows(const struct report_verdict *v)
{
	assert_true(v->known);
	return v->is_leak || v->is_growing;
}

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t draw(uint64_t n)
{
	uint64_t x = (n + 1) * 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* 2 MiB a tick, at each differently split between the first two: the sum alone is a line. Another
 * one rests. */
static uint64_t split(uint32_t id, uint64_t seq, uint64_t *ret_samples)
{
	uint64_t all = seq * 2 * MIB, first = all / 100 * (draw(seq) % 100);
	uint64_t live = id == 1 ? first : id == 2 ? all - first : 30 * MIB;

	*ret_samples = live / SAMPLE;
	return live;
}

static void a_leak_is_one_by_whatever_address(void **state)
{
	static const uint64_t lengths[] = {120, TRACK_MOMENTS, TRACK_MOMENTS + 1, 700};

	for (size_t i = 0; i < N_OF(lengths); i++) {
		struct report *r = run(&(struct scene){.n_ticks = lengths[i],
						       .flags = PROC_TARGET,
						       .n_paths = 3,
						       .domain = PATH_USER,
						       .live = split});
		const struct report_verdict *v = verdict_of(r, "both");

		assert_true(v->is_leak);
		assert_string_equal(v->series, "path");
		assert_string_equal(v->shape, "linear");
		assert_true(v->rate > 0.99 * 240 * MIB && v->rate < 1.01 * 240 * MIB);
		assert_true(v->span_s > 0.99 * (double)((lengths[i] - 1) * INTERVAL_S));
		assert_true(!grows(verdict_of(r, "other")));
		/* a part of the process's memory, no leak of its own */
		assert_int_equal(r->judged.leaks + r->judged.suspected, 0);
		report__free(r);
	}
}

/* 80 blocks that live 1 to 60 ticks, each sampled in one of two lives: it holds the same, and what
 * the samples say of it wanders. */
static uint64_t churning(uint32_t id, uint64_t seq, uint64_t *ret_samples)
{
	uint64_t n = 0;

	for (uint64_t block = 0; block < 80; block++) {
		uint64_t age = draw(salt * 1000 + 100 * id + block) % 60 + 1;

		n += draw(draw(salt + block) ^ ((seq + block) / age)) % 2;
	}
	*ret_samples = n;
	return n * SAMPLE;
}

static void the_error_of_sampling_is_no_leak(void **state)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct report *r = run(&(struct scene){.n_ticks = seed % 2 ? 40 : 121,
						       .flags = PROC_TARGET,
						       .n_paths = 3,
						       .domain = PATH_USER,
						       .live = churning,
						       .salt = seed});

		vec_for_each(p, &r->paths)
			if (grows(&p->verdict))
				fail_msg("seed %d: %s", (int)seed, p->verdict.reason);
		report__free(r);
	}
}

/* A sample more now and then, six in all: what they stand for may as well be half of it. */
static uint64_t few_samples(uint32_t id, uint64_t seq, uint64_t *ret_samples)
{
	*ret_samples = 1 + seq / 20;
	return *ret_samples * SAMPLE;
}

static uint64_t few_counted(uint32_t id, uint64_t seq, uint64_t *ret_samples)
{
	*ret_samples = 0;
	return (1ULL << 20) + seq * (SAMPLE / 20);
}

static void a_few_samples_are_no_leak(void **state)
{
	struct scene s = {.n_ticks = 121,
			  .flags = PROC_TARGET,
			  .n_paths = 1,
			  .domain = PATH_USER,
			  .live = few_samples};
	struct report *r = run(&s);
	const struct report_verdict *v = verdict_of(r, "both");

	assert_true(!grows(v));
	/* and what would show is no less than they can tell */
	assert_true(v->has_detectable && v->detectable >= (double)(9 * SAMPLE));
	report__free(r);
	s.live = few_counted; /* the same growth, known exactly */
	r = run(&s);
	assert_true(verdict_of(r, "both")->is_leak);
	report__free(r);
}

static uint64_t steady(uint32_t id, uint64_t seq, uint64_t *ret_samples)
{
	*ret_samples = 4 * seq;
	return 2 * MIB * seq;
}

/* Nobody asked for the kernel's own paths: an hour is too short, and a cache is none. */
static void slab_paths_are_everybodys(void **state)
{
	static char cache[] = "things";
	struct scene s = {.n_ticks = 121,
			  .flags = PROC_TARGET,
			  .n_paths = 1,
			  .domain = PATH_SLAB,
			  .live = steady,
			  .cache = cache};
	struct report *r = run(&s);

	assert_true(verdict_of(r, "both")->is_growing);
	report__free(r);
	s.n_ticks = 400;
	r = run(&s);
	assert_true(verdict_of(r, "both")->is_leak);
	report__free(r);
	s.is_reclaimable = true;
	r = run(&s);
	assert_false(verdict_of(r, "both")->is_leak);
	report__free(r);
}

static void too_short_is_said(void **state)
{
	struct report *r = run(&(struct scene){.n_ticks = 5,
					       .flags = PROC_TARGET,
					       .n_paths = 1,
					       .domain = PATH_USER,
					       .live = steady});

	assert_string_equal(verdict_of(r, "both")->kind, "insufficient");
	report__free(r);
}

/* Noisy growth that a series alone suspects at most: how old its samples are decides. */
static uint64_t doubtful(uint32_t id, uint64_t seq, uint64_t *ret_samples)
{
	*ret_samples = 0; /* counted */
	return 200 * MIB + seq * MIB / 8 + draw(17 * seq + id) % (24 * MIB);
}

static double probability(const uint64_t *ages)
{
	struct report *r = run(&(struct scene){.n_ticks = 60,
					       .flags = PROC_TARGET,
					       .n_paths = 3,
					       .domain = PATH_USER,
					       .live = doubtful,
					       .ages = ages});
	const struct report_verdict *v = verdict_of(r, "other");
	double p = v->leak_permille / 1000.0;

	report__free(r);
	return p;
}

static void ages_of_samples_speak(void **state)
{
	uint64_t steady[PATH_EPOCHS], young[PATH_EPOCHS] = {0}, early[PATH_EPOCHS] = {0};
	double unknown = probability(NULL);

	for (int i = 0; i < PATH_EPOCHS; i++) {
		steady[i] = MIB;
		young[i] = (uint64_t)(i + 1) * (i + 1) * (i + 1) * 1024;
		early[i] = i < 8 ? 8 * MIB : 0;
	}
	assert_true(unknown > 0.03 && unknown < 0.97);
	assert_true(probability(steady) > unknown);
	assert_true(probability(young) < unknown);
	assert_true(probability(early) < unknown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leak_is_one_by_whatever_address),
		cmocka_unit_test(the_error_of_sampling_is_no_leak),
		cmocka_unit_test(a_few_samples_are_no_leak),
		cmocka_unit_test(slab_paths_are_everybodys),
		cmocka_unit_test(too_short_is_said),
		cmocka_unit_test(ages_of_samples_speak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
