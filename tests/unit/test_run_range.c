/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "moment_world.h"
#include "sink/log_summary_end.h"

static void set_free(struct world *w, uint64_t mib)
{
	vec_for_each(l, &w->tick.meminfo)
		if (!strcmp(l->name, "MemAvailable"))
			l->bytes = mib * MIB;
}

static void least_and_most(void **state)
{
	struct world *w = *state;
	struct run_ranges r = {};
	const struct run_range *used = &r.v[RANGE_USED];

	add_meminfo(w); /* 1000 MiB in all */
	for (uint64_t i = 0; i < 4; i++) {
		set_free(w, (const uint64_t[]){300, 500, 100, 400}[i]);
		run_ranges__add(&r, &w->m);
	}
	assert_int_equal(used->n, 4);
	assert_int_equal(used->first, 700 * MIB);
	assert_int_equal(used->last, 600 * MIB);
	assert_int_equal(used->least, 500 * MIB);
	assert_int_equal(used->most, 900 * MIB);
	assert_true(used->sum == 4 * 675.0 * (double)MIB);
	assert_int_equal(r.v[RANGE_SWAP].n, 0); /* nobody told it */
	assert_int_equal(r.v[RANGE_PROCESSES].most, 3);
}

static bool has(const char *text, const char *line)
{
	if (strstr(text, line))
		return true;
	print_message("%s\n", text);
	return false;
}

static void the_end_of_the_summary(void **state)
{
	_cleanup_(strbuf_free) struct strbuf b = {};
	struct world *w = *state;
	struct run_ranges r = {};

	add_meminfo(w);
	run_ranges__add(&r, &w->m);
	put(w->now.slabs.v[0].name, 64, "den\ntry");
	w->m.first = &w->before;
	w->m.raised[ALERT_SWAP] = 3;
	w->m.in_force[ALERT_SWAP] = 1;
	log_summary_end(&b, &w->m, &r);
	assert_false(b.failed);
	assert_true(has(b.s, "Z range         768000     768000     768000     768000     768000 "
			     "used\n"));
	assert_null(strstr(b.s, "swap in use"));
	assert_true(has(b.s, "Z slab             +24         24 den\\x0atry\n"));
	assert_true(has(b.s, "Z counter          300 pswpin\n"));
	assert_true(has(b.s, "Z alerts         3   1 swap\n"));
	assert_true(has(b.s, "Z container "));
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(least_and_most),
		IN_WORLD(the_end_of_the_summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
