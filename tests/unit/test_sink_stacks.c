/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "golden.h"
#include "model/frame_text.h"
#include "sample_paths.h"
#include "sink/flame_tree.h"

static void golden_files(void **state)
{
	static const struct sink *const sinks[] = {&folded_sink, &flamegraph_sink};
	static const char *const names[] = {"paths.folded", "paths.svg"};

	for (size_t i = 0; i < N_OF(sinks); i++) {
		struct report *r = paths_report(), *none = empty_report();
		char *text = written(sinks[i], r), *nothing = written(sinks[i], none);

		assert_golden(names[i], text);
		assert_null(strstr(nothing, "main"));
		assert_write_error(sinks[i], r);
		free(text);
		free(nothing);
		report__free(r);
		report__free(none);
	}
}

/* Each line: frames without ';' within, one blank, a number; sums are those of the paths. */
static void folded_lines(void **state)
{
	struct report *r = paths_report();
	char *text = written(&folded_sink, r);
	uint64_t sum = 0, want = 0;
	size_t n = 0;

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), n++) {
		const char *blank = strrchr(line, ' ');
		char *end;

		assert_non_null(blank);
		sum += strtoull(blank + 1, &end, 10);
		assert_int_equal(*end, '\0');
		for (const char *p = line; *p; p++)
			assert_true((unsigned char)*p >= ' ');
	}
	vec_for_each(p, &r->paths)
		want += p->live_bytes;
	assert_int_equal(n, 5);
	assert_int_equal(sum, want);
	free(text);
	report__free(r);
}

static void names_of_frames(void **state)
{
	static const struct {
		struct path_frame frame;
		const char *name;
	} cases[] = {
		{{.function = "main", .module = "/bin/x"}, "main"},
		{{.module = "/lib/libfoo.so.1", .offset = 0x1234}, "libfoo.so.1+0x1234"},
		{{.module = "odd/", .offset = 1}, "odd/+0x1"},
		{{.offset = 0x7f00}, "[0x7f00]"},
	};
	char name[FRAME_NAME_SIZE];

	for (size_t i = 0; i < N_OF(cases); i++)
		assert_string_equal(frame_name(name, &cases[i].frame), cases[i].name);
}

static void boilerplate(void **state)
{
	static const struct {
		const char *function, *module, *what;
	} cases[] = {
		{"__memset_avx2_unaligned_erms", "/lib/x86_64-linux-gnu/libc.so.6", "copying"},
		{"malloc", "/lib/x86_64-linux-gnu/libc.so.6", "allocator"},
		{"malloc", "/opt/app", NULL}, /* its own: what it is for is not known */
		{"my_malloc_wrapper", "/opt/app", NULL},
		{"_PyEval_EvalFrameDefault", "/usr/bin/python3.11", "Python interpreter"},
		{NULL, "/usr/bin/python3.11", NULL},
		{NULL, "/opt/libjemalloc.so.2", NULL},
		{"je_anything", "/opt/libjemalloc.so.2", "allocator"},
		{"__libc_start_call_main", "/lib/libc.so.6", "start of the program"},
		{"_start", "/opt/app", "start of the program"},
		{"handle_mm_fault", "[kernel]", "page fault"},
		{"handle_mm_fault", "/opt/app", NULL},
		{"main", "/opt/app", NULL},
		{"main", NULL, NULL},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		const struct path_frame f = frame(cases[i].function, cases[i].module, 1);

		if (cases[i].what)
			assert_string_equal(frame_boilerplate(&f), cases[i].what);
		else
			assert_null(frame_boilerplate(&f));
	}
}

/* Children lie within their parents, and no two siblings overlap. */
static void tree_is_sound(void **state)
{
	struct report *r = paths_report();
	struct flame_tree t;

	assert_int_equal(flame_tree__build(r, &t), 0);
	assert_int_equal(t.nodes.v[0].domain, PATH_USER);
	assert_int_equal(t.nodes.v[0].bytes, 256 * MIB);
	assert_int_equal(t.bytes, 259 * MIB);
	for (size_t i = 0; i < t.nodes.n; i++) {
		const struct flame_node *n = &t.nodes.v[i], *parent;

		if (!n->depth) {
			assert_int_equal(n->parent, UINT32_MAX);
			continue;
		}
		assert_true(n->parent < i);
		parent = &t.nodes.v[n->parent];
		assert_int_equal(parent->depth + 1, n->depth);
		assert_int_equal(parent->domain, n->domain);
		assert_true(n->before + n->bytes <= parent->bytes);
	}
	flame_tree__free(&t);
	report__free(r);
}

/* The two paths through main are one tower up to it. */
static void common_roots_are_merged(void **state)
{
	struct report *r = paths_report();
	struct flame_tree t;
	size_t n_main = 0;

	assert_int_equal(flame_tree__build(r, &t), 0);
	vec_for_each(n, &t.nodes) {
		if (strcmp(n->name, "main") != 0)
			continue;
		n_main++;
		assert_int_equal(n->bytes, 240 * MIB);
		assert_int_equal(n->samples, 480);
		/* 12 and 3 MiB, which add up as squares */
		assert_true(n->error_squared == 153.0 * MIB * MIB);
	}
	assert_int_equal(n_main, 1);
	flame_tree__free(&t);
	report__free(r);
}

static void a_stack_deeper_than_is_drawn(void **state)
{
	struct report *r = empty_report();
	struct report_path p = shop_path(PATH_USER, MIB, MIB);
	struct flame_tree t;

	for (int i = 0; i < 5000; i++)
		assert_int_equal(vec_push(&p.frames, frame("deep", "/bin/x", 1)), 0);
	assert_int_equal(vec_push(&r->paths, p), 0);
	assert_int_equal(flame_tree__build(r, &t), 0);
	assert_int_equal(t.depth, FLAME_DEPTH_MAX);
	assert_string_equal(t.nodes.v[t.nodes.n - 1].name, "[3979 more frames]");
	flame_tree__free(&t);
	report__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_files),
		cmocka_unit_test(folded_lines),
		cmocka_unit_test(names_of_frames),
		cmocka_unit_test(boilerplate),
		cmocka_unit_test(tree_is_sound),
		cmocka_unit_test(common_roots_are_merged),
		cmocka_unit_test(a_stack_deeper_than_is_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
