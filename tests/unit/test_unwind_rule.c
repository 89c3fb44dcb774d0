/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks by rules, by those that lie, too. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "collect/unwind_rule.h"

#define BASE 0x7ff000000000ull
#define WORDS 64

struct world {
	struct mt_heap_rule rule[8]; /* of the return address with this number */
	unsigned int asked;
};

static struct mt_heap_rule tell(void *arg, uint64_t pc)
{
	struct world *w = arg;

	w->asked++;
	return pc < 8 ? w->rule[pc] : (struct mt_heap_rule){.kind = MT_RULE_BROKEN};
}

static struct mt_heap_stack *make(const uint64_t *words, size_t n, uint64_t first, uint64_t bp)
{
	struct mt_heap_stack *s = calloc(1, sizeof(*s) + WORDS * sizeof(uint64_t));

	assert_non_null(s);
	s->sp = BASE;
	s->bp = bp;
	s->stack_bytes = (uint32_t)(n * sizeof(words[0]));
	memcpy(s->stack, words, s->stack_bytes);
	s->path.n = 2; /* where it was called, and who called */
	s->path.ip[0] = 0xf00;
	s->path.ip[1] = first;
	return s;
}

static void each_kind_of_frame_is_left(void **state)
{
	/* 1: two words and a return; 2: saves bp; 3: bp is its base; 4: aligns its stack */
	struct world w = {.rule = {
				  [1] = {.kind = MT_RULE_SP, .cfa = 24},
				  [2] = {.kind = MT_RULE_SP, .cfa = 24, .bp = -16},
				  [3] = {.kind = MT_RULE_BP, .cfa = 16, .bp = -16},
				  [4] = {.kind = MT_RULE_BP_REF, .cfa = -8, .bp = -16},
				  [5] = {.kind = MT_RULE_END},
			  }};
	const uint64_t words[] = {
		0,
		0,
		2, /* of 1 */
		0,
		BASE + 8 * 8,
		3, /* of 2: 3 runs with bp at word 8 */
		0,
		0,
		BASE + 13 * 8,
		4, /* of 3: 4 runs with bp at word 13 */
		0,
		0,
		BASE + 17 * 8,
		0, /* of 4: below its bp, where its CFA is */
		0,
		0x1234,
		5,
	};
	struct mt_heap_stack *s = make(words, sizeof(words) / sizeof(words[0]), 1, 0x999);

	unwind_by_rules(s, tell, &w);
	assert_int_equal(s->path.end, MT_RULE_END);
	assert_int_equal(s->path.n, 6);
	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(s->path.ip[i], i);
	assert_int_equal(s->bp, 0x1234);
	assert_int_equal(w.asked, 5);
	free(s);
}

static void ends_where_the_copy_does(void **state)
{
	struct world w = {.rule = {[1] = {.kind = MT_RULE_SP, .cfa = 24},
				   [2] = {.kind = MT_RULE_SP, .cfa = 800}}};
	const uint64_t words[] = {0, 0, 2, 0};
	struct mt_heap_stack *s = make(words, 4, 1, 0);

	unwind_by_rules(s, tell, &w);
	assert_int_equal(s->path.end, MT_RULE_BROKEN);
	assert_int_equal(s->path.n, 3);
	free(s);
}

static void a_stack_that_does_not_go_up_ends(void **state)
{
	struct world w = {.rule = {[1] = {.kind = MT_RULE_SP, .cfa = 0},
				   [2] = {.kind = MT_RULE_BP, .cfa = 8},
				   [3] = {.kind = MT_RULE_BP_REF, .cfa = INT32_MIN}}};
	const uint64_t words[] = {1, 1, 1, 1};

	for (uint64_t pc = 1; pc <= 3; pc++) {
		struct mt_heap_stack *s = make(words, 4, pc, BASE - 64);

		unwind_by_rules(s, tell, &w);
		assert_int_equal(s->path.end, MT_RULE_BROKEN);
		assert_int_equal(s->path.n, 2);
		free(s);
	}
}

/* A rule that leads to itself goes as far as a path goes. */
static void deep_ones_are_cut(void **state)
{
	struct world w = {.rule = {[1] = {.kind = MT_RULE_SP, .cfa = 8}}};
	struct mt_heap_stack *s = calloc(1, sizeof(*s) + 2048);

	assert_non_null(s);
	s->sp = BASE;
	s->stack_bytes = 2048;
	for (size_t i = 0; i < 2048; i += 8)
		s->stack[i] = 1;
	s->path.n = 2;
	s->path.ip[1] = 1;
	unwind_by_rules(s, tell, &w);
	assert_int_equal(s->path.end, MT_RULE_BROKEN);
	assert_int_equal(s->path.n, MT_HEAP_DEPTH);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_frame_is_left),
		cmocka_unit_test(ends_where_the_copy_does),
		cmocka_unit_test(a_stack_that_does_not_go_up_ends),
		cmocka_unit_test(deep_ones_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
