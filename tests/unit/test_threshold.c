/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/alert.h"
#include "cli/threshold.h"

static int parse(struct options *o, const char *const *words)
{
	char *argv[8] = {(char *)"memtrace"};
	int argc = 1;

	for (; *words; words++)
		argv[argc++] = (char *)*words;
	return options__parse(argc, argv, o);
}

#define PARSE(o, ...) parse(o, (const char *const[]){__VA_ARGS__, NULL})
#define MS 1000000ull

static void defaults_of_the_monitor(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, "--monitor"), 0);
	assert_int_equal(o.mode, MODE_MONITOR);
	assert_int_equal(o.duration_ns, 3600000 * MS);
	assert_int_equal(o.interval_ns, 30000 * MS);
	for (int kind = 0; kind < _ALERT_KIND_MAX; kind++)
		assert_int_equal(o.thresholds[kind], alert_defs[kind].threshold);
	options__free(&o);
}

static void minutes_and_seconds(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, "--monitor", "1440", "300"), 0);
	assert_int_equal(o.duration_ns, 86400000 * MS);
	assert_int_equal(o.interval_ns, 300000 * MS);
	options__free(&o);
	assert_int_equal(PARSE(&o, "--monitor", "0.5", "-v", "0.1"), 0);
	assert_int_equal(o.duration_ns, 30000 * MS);
	assert_int_equal(o.interval_ns, 100 * MS);
	options__free(&o);
	assert_int_equal(PARSE(&o, "--monitor", "5"), 0);
	assert_int_equal(o.interval_ns, 30000 * MS);
	options__free(&o);
}

static void wrong_words(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, "--monitor", "5m"), -EINVAL);
	assert_int_equal(PARSE(&o, "--monitor", ""), -EINVAL);
	assert_int_equal(PARSE(&o, "--monitor", "0"), -EINVAL);
	assert_int_equal(PARSE(&o, "--monitor", "1", "0.01"), -EINVAL);
	assert_int_equal(PARSE(&o, "--monitor", "1", "2", "3"), -EINVAL);
	assert_int_equal(PARSE(&o, "--monitor", "99999999999999999999"), -EINVAL);
	assert_int_equal(PARSE(&o, "--monitor=5"), -EINVAL);
	assert_int_equal(PARSE(&o, "5", "--monitor"), -EINVAL);
}

static void thresholds(void **state)
{
	static const struct {
		const char *text;
		enum alert_kind kind;
		uint64_t want;
	} cases[] = {
		{"memory=90", ALERT_MEMORY, 90},
		{"memory=90%", ALERT_MEMORY, 90},
		{"swap=64M", ALERT_SWAP, 64ull << 20},
		{"zombies=3", ALERT_ZOMBIES, 3},
		{"process-growth=0", ALERT_PROCESS_GROWTH, 0},
	};
	char why[THRESHOLD_WHY_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t values[_ALERT_KIND_MAX] = {};
		uint32_t set = 0;

		values[cases[i].kind] = 77;
		assert_int_equal(threshold_set(cases[i].text, values, &set, why), 0);
		assert_int_equal(values[cases[i].kind], cases[i].want);
		assert_int_equal(set, 1u << cases[i].kind);
	}
}

static void wrong_thresholds(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"memory", "'memory' is not NAME=VALUE"},
		{"memory=", "'' for memory is not a whole number of percent"},
		{"memory=-1", "'-1' for memory"},
		{"memory=8x%", "'8x%' for memory"},
		{"memory=8%%", "'8%%' for memory"},
		{"memory=10000000000000000000000", "for memory is not"},
		{"swap=80%", "'80%' for swap is not a size"},
		{"a\nb=1", "'a\\x0ab' is no alert; known: memory swap"},
		{"=1", "'' is no alert"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t values[_ALERT_KIND_MAX] = {};
		char why[THRESHOLD_WHY_SIZE];
		uint32_t set = 0;

		assert_int_equal(threshold_set(cases[i].text, values, &set, why), -EINVAL);
		if (!strstr(why, cases[i].why))
			fail_msg("%s: %s", cases[i].text, why);
		assert_int_equal(set, 0);
		assert_int_equal(values[ALERT_MEMORY], 0);
	}
}

static void from_a_file(void **state)
{
	char path[] = "/tmp/test_threshold.XXXXXX";
	int fd = mkstemp(path);
	struct options o;

	assert_true(fd >= 0);
	assert_true(dprintf(fd, "# all of it\n\n  memory = 70%% # less\r\nswap=1G\n\tzombies =2") >
		    0);
	assert_int_equal(PARSE(&o, "--monitor", "--threshold", "swap=5M", "--config", path), 0);
	assert_int_equal(o.thresholds[ALERT_MEMORY], 70);
	assert_int_equal(o.thresholds[ALERT_SWAP], 5 << 20); /* the command line's */
	assert_int_equal(o.thresholds[ALERT_ZOMBIES], 2);
	options__free(&o);
	assert_true(dprintf(fd, "\nmemory 70\n") > 0);
	assert_int_equal(PARSE(&o, "--monitor", "--config", path), -EINVAL);
	close(fd);
	unlink(path);
	assert_int_equal(PARSE(&o, "--monitor", "--config", path), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_of_the_monitor),
		cmocka_unit_test(minutes_and_seconds),
		cmocka_unit_test(wrong_words),
		cmocka_unit_test(thresholds),
		cmocka_unit_test(wrong_thresholds),
		cmocka_unit_test(from_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
