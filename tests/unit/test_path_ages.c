/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "collect/path_ages.h"
#include "model/code_history.h"

#define S 1000000000ull
#define KIB 1024ull

static void moments_become_rare(void **state)
{
	struct age_moments m = {.begin_ns = 100 * S};
	unsigned int told = 0;

	assert_false(age_moments__due(&m, 100 * S, true)); /* no time to cut into parts */
	assert_true(age_moments__due(&m, 100 * S + 1, true));
	for (uint64_t now = 100; now <= 100 + 86400; now++)
		if (age_moments__due(&m, now * S, false)) {
			assert_true(now > 100);
			m.told_ns = now * S;
			told++;
		}
	assert_in_range(told, 30, 60); /* of a day at one a second: ln 86400 / ln 1.25 */
	assert_true(m.told_ns > 69000 * S);
}

static void bytes_lie_in_their_part(void **state)
{
	struct age_sums s;
	struct tick t = {0};
	struct path_ages *a;

	assert_int_equal(age_sums__begin(&s, 3, 1000 * S, 1160 * S), 0);
	age_sums__add(&s, 2, 999 * S, 30.0 * KIB); /* the clock of another CPU */
	age_sums__add(&s, 2, 1000 * S, 40.0 * KIB);
	age_sums__add(&s, 2, 1009 * S, 1.0 * KIB);
	age_sums__add(&s, 2, 1010 * S, 2.0 * KIB);
	age_sums__add(&s, 2, 1159 * S, 3.0 * KIB);
	age_sums__add(&s, 2, 1160 * S, 4.0 * KIB);
	age_sums__add(&s, 2, 1200 * S, 5.0 * KIB);
	age_sums__add(&s, 3, 1050 * S, 63.0 * KIB); /* too little to say anything */
	assert_int_equal(age_sums__tell(&s, &t), 0);
	age_sums__free(&s);
	assert_int_equal(t.ages.n, 1);
	a = &t.ages.v[0];
	assert_int_equal(a->id, 2);
	assert_int_equal(a->begin_ns, 1000 * S);
	assert_int_equal(a->end_ns, 1160 * S);
	assert_int_equal(a->live[0], 71 * KIB);
	assert_int_equal(a->live[1], 2 * KIB);
	assert_int_equal(a->live[14], 0);
	assert_int_equal(a->live[15], 12 * KIB);
	tick__free(&t);
}

static void tell(struct code_history *c, uint64_t now_s, uint32_t id, uint64_t live)
{
	struct tick t = {.mono_ns = now_s * S};
	struct path_ages a = {.id = id, .begin_ns = S, .end_ns = now_s * S, .live = {live}};

	if (!c->paths.n)
		for (uint32_t i = 1; i <= 2; i++)
			assert_int_equal(vec_push(&t.paths, (struct path_sample){.id = i}), 0);
	assert_int_equal(vec_push(&t.ages, a), 0);
	assert_int_equal(code_history__add(c, &t), 0);
	tick__free(&t);
}

static void only_the_newest_are_added_up(void **state)
{
	struct code_history c = {0};
	uint64_t sum[PATH_EPOCHS] = {UINT64_MAX - 100};

	tell(&c, 10, 1, 50);
	tell(&c, 20, 2, 60); /* the first held too little by then */
	code_history__add_ages(&c, &c.paths.v[0], sum);
	assert_true(sum[0] == UINT64_MAX - 100);
	code_history__add_ages(&c, &c.paths.v[1], sum);
	assert_true(sum[0] == UINT64_MAX - 40);
	code_history__add_ages(&c, &c.paths.v[1], sum);
	assert_true(sum[0] == UINT64_MAX);
	/* of a damaged file */
	tell(&c, 30, 3, 1);
	tell(&c, 0, 1, 1);
	assert_int_equal(c.n_strays, 2);
	assert_true(c.ages_end_ns == 20 * S);
	code_history__free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_become_rare),
		cmocka_unit_test(bytes_lie_in_their_part),
		cmocka_unit_test(only_the_newest_are_added_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
