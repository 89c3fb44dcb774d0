/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/vec.h"
#include "collect/facts.h"
#include "fixture.h"

static void free_facts(struct facts *f)
{
	vec_free(f);
}

static const char *value_of(const struct facts *f, const char *kind, const char *name)
{
	const struct fact *fact = facts__find(f, kind, name);

	return fact ? fact->value : NULL;
}

static void machine(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/facts");
	_cleanup_(free_facts) struct facts f = {0};

	assert_int_equal(facts_machine(root, "9.9.9-test", &f), 0);
	assert_string_equal(value_of(&f, "os", ""), "Made-up Linux 9 (nobody)");
	assert_string_equal(value_of(&f, "cmdline", ""),
			    "BOOT_IMAGE=/vmlinuz root=/dev/vda1 quiet");
	assert_string_equal(value_of(&f, "config", "CONFIG_PSI"), "y");
	assert_string_equal(value_of(&f, "config", "CONFIG_LRU_GEN"), "m");
	assert_null(value_of(&f, "config", "CONFIG_KSM"));
	assert_null(value_of(&f, "config", "CONFIG_PSIX"));
}

static void a_release_is_no_path(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/facts");
	_cleanup_(free_facts) struct facts f = {0};

	assert_int_equal(facts_machine(root, "x/../config-9.9.9-test", &f), 0);
	assert_null(value_of(&f, "config", "CONFIG_PSI"));
}

static void units(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/facts"),
			    other = open_root("tests/fixtures/proc/normal");
	_cleanup_(free_facts) struct facts f = {0};

	assert_int_equal(facts_units(root, &f), 0);
	assert_int_equal(f.n, 2);
	assert_non_null(facts__find(&f, "unit", "one.service"));
	assert_non_null(facts__find(&f, "unit", "getty@tty1.service"));
	assert_int_equal(facts_units(other, &f), -ENOENT);
}

static void packages(void **state)
{
	_cleanup_close_ int root = open_root("tests/fixtures/facts");
	_cleanup_(free_facts) struct facts f = {0};

	assert_int_equal(facts_packages(root, &f), 0);
	assert_int_equal(strncmp(value_of(&f, "packages", "dpkg"), "2 installed, ", 13), 0);
}

static struct package_set set_of(const char *text)
{
	struct package_set set;

	dpkg_status_parse((struct cursor){text, text + strlen(text)}, &set);
	return set;
}

#define PACKAGE(name, version)                                                                     \
	"Package: " name "\nStatus: install ok installed\nVersion: " version "\n\n"

static void fingerprint(void **state)
{
	struct package_set a = set_of(PACKAGE("a", "1") PACKAGE("b", "2"));
	struct package_set b = set_of(PACKAGE("b", "2") PACKAGE("a", "1"));
	struct package_set c = set_of(PACKAGE("a", "1") PACKAGE("b", "3"));
	struct package_set d = set_of(PACKAGE("a", "2") PACKAGE("b", "1"));

	assert_int_equal(a.n, 2);
	assert_true(a.sum == b.sum);
	assert_true(a.sum != c.sum);
	assert_true(a.sum != d.sum);
	assert_int_equal(set_of("").n, 0);
	assert_int_equal(set_of("\n\n\nVersion: 1").n, 0);
	assert_int_equal(set_of("Status: install ok not-installed\nPackage: x").n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machine),     cmocka_unit_test(a_release_is_no_path),
		cmocka_unit_test(units),       cmocka_unit_test(packages),
		cmocka_unit_test(fingerprint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
