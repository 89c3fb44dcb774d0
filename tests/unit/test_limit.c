/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "model/feature.h"
#include "model/limit.h"

static void set_replaces(void **state)
{
	struct limits l = {0};

	assert_null(limits__find(&l, "lost"));
	assert_int_equal(limits__set(&l, "lost", 3, "%d pages lost", 3), 0);
	assert_int_equal(limits__set(&l, "no_bpf", 0, "no page attribution"), 0);
	assert_int_equal(limits__set(&l, "lost", 5, "%d pages lost", 5), 0);
	assert_int_equal(l.n, 2);
	assert_int_equal(limits__find(&l, "lost")->count, 5);
	assert_string_equal(limits__find(&l, "lost")->meaning, "5 pages lost");
	assert_string_equal(limits__find(&l, "no_bpf")->kind, "no_bpf");
	assert_null(limits__find(&l, "los"));
	assert_null(limits__find(&l, "lost_too"));
	limits__free(&l);
	assert_null(l.v);
	assert_int_equal(l.n, 0);
}

static void long_texts_are_cut(void **state)
{
	char kind[100], meaning[600];
	struct limits l = {0};

	memset(kind, 'k', sizeof(kind));
	kind[sizeof(kind) - 1] = '\0';
	memset(meaning, 'm', sizeof(meaning));
	meaning[sizeof(meaning) - 1] = '\0';
	assert_int_equal(limits__set(&l, kind, 1, "%s", meaning), 0);
	assert_int_equal(limits__set(&l, kind, 2, "%s", meaning), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(strlen(l.v[0].kind), LIMIT_KIND_SIZE - 1);
	assert_int_equal(strlen(l.v[0].meaning), LIMIT_MEANING_SIZE - 1);
	assert_ptr_equal(limits__find(&l, kind), &l.v[0]);
	limits__free(&l);
}

static void merge(void **state)
{
	struct limits l = {0}, from = {0};

	assert_int_equal(limits__merge(&l, &from), 0);
	assert_int_equal(l.n, 0);
	limits__set(&l, "a", 1, "a one");
	limits__set(&l, "b", 1, "b one");
	limits__set(&from, "b", 2, "b two");
	limits__set(&from, "c", 2, "c two");
	assert_int_equal(limits__merge(&l, &from), 0);
	assert_int_equal(l.n, 3);
	assert_int_equal(limits__find(&l, "a")->count, 1);
	assert_string_equal(limits__find(&l, "b")->meaning, "b two");
	assert_int_equal(limits__find(&l, "c")->count, 2);
	assert_int_equal(from.n, 2);
	limits__free(&l);
	limits__free(&from);
}

static void features(void **state)
{
	struct features f = {0};
	const struct feature *x;

	assert_null(features__find(&f, "BTF"));
	assert_int_equal(features__set(&f, "BTF", FEATURE_MISSING, "boot a kernel with BTF",
				       "no %s", "/sys/kernel/btf/vmlinux"),
			 0);
	assert_int_equal(features__set(&f, "slab", FEATURE_WORKS, NULL, "raw_tp"), 0);
	x = features__find(&f, "BTF");
	assert_non_null(x);
	assert_int_equal(x->state, FEATURE_MISSING);
	assert_string_equal(x->detail, "no /sys/kernel/btf/vmlinux");
	assert_string_equal(x->fix, "boot a kernel with BTF");
	assert_string_equal(features__find(&f, "slab")->fix, "");

	assert_int_equal(features__set(&f, "BTF", FEATURE_DEGRADED, "", "from a file"), 0);
	assert_int_equal(f.n, 2);
	assert_int_equal(features__find(&f, "BTF")->state, FEATURE_DEGRADED);
	assert_string_equal(features__find(&f, "BTF")->detail, "from a file");
	assert_string_equal(features__find(&f, "BTF")->fix, "");
	features__free(&f);
	assert_int_equal(f.n, 0);
}

static void feature_texts_are_cut(void **state)
{
	struct features f = {0};
	char text[400];

	memset(text, 't', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(features__set(&f, "x", FEATURE_WORKS, text, "%s", text), 0);
	assert_int_equal(strlen(f.v[0].detail), sizeof(f.v[0].detail) - 1);
	assert_int_equal(strlen(f.v[0].fix), sizeof(f.v[0].fix) - 1);
	features__free(&f);
}

static void counts_of_nothing_are_left_out(void **state)
{
	const struct limit_count counts[] = {
		{0, "none", "none of these"}, {3, "some", "100 % of these"}, {1, "one", "one"}};
	struct limits l = {0};

	assert_int_equal(limits__set_counts(&l, counts, 3), 0);
	assert_int_equal(l.n, 2);
	assert_null(limits__find(&l, "none"));
	assert_int_equal(limits__find(&l, "some")->count, 3);
	assert_string_equal(limits__find(&l, "some")->meaning, "100 % of these");
	limits__free(&l);
}

static void feature_names(void **state)
{
	assert_string_equal(feature_state_names[FEATURE_WORKS], "works");
	assert_string_equal(feature_state_names[FEATURE_DEGRADED], "degraded");
	assert_string_equal(feature_state_names[FEATURE_MISSING], "missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_replaces),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(merge),
		cmocka_unit_test(features),
		cmocka_unit_test(feature_names),
		cmocka_unit_test(feature_texts_are_cut),
		cmocka_unit_test(counts_of_nothing_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
