/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/kernel_class.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define STACK_MAX 8

/* Class of a stack of functions, leaf first, all of the kernel proper but for the last one if
 * `module` is given. */
static const char *class_of(const char *const *functions, const char *module,
			    const char **ret_module)
{
	struct path_frame v[STACK_MAX] = {};
	struct path_frames frames = {.v = v};

	for (; functions[frames.n]; frames.n++)
		v[frames.n] =
			(struct path_frame){.function = functions[frames.n], .module = "[kernel]"};
	if (module)
		v[frames.n - 1].module = module;
	return kernel_class_of(&frames, ret_module)->name;
}

static void test_stacks(void **state)
{
	static const struct {
		const char *class, *functions[STACK_MAX];
	} cases[] = {
		{"packet rings",
		 {"__alloc_pages_noprof", "alloc_one_pg_vec_page", "packet_set_ring"}},
		{"slab", {"__alloc_pages", "allocate_slab", "___slab_alloc", "pipe_write"}},
		{"pipe buffers", {"alloc_pages_mpol", "anon_pipe_write", "vfs_write"}},
		{"page tables", {"pte_alloc_one.isra.0", "__handle_mm_fault"}},
		{"kernel stacks",
		 {"__vmalloc_node_range_noprof", "dup_task_struct", "kernel_clone"}},
		{"BPF maps and programs", {"__vmalloc_node_range", "__bpf_map_area_alloc"}},
		{"vmalloc", {"vm_area_alloc_pages", "__vmalloc_node_range", "xt_alloc_table_info"}},
		{"per-CPU memory", {"pcpu_alloc_pages.constprop.0", "pcpu_populate_chunk"}},
		{"kmalloc of whole pages", {"___kmalloc_large_node", "__kmalloc_noprof"}},
		{"other", {"__alloc_pages", "get_zeroed_page", "sysfs_kf_seq_show"}},
		{"other", {"pipe_writer", "do_splice"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *module;

		assert_string_equal(class_of(cases[i].functions, NULL, &module), cases[i].class);
		assert_null(module);
	}
}

static void test_driver(void **state)
{
	const char *const leak[] = {"__alloc_pages", "leak_pages", NULL};
	const char *const slab[] = {"new_slab", "leak_objects", NULL};
	const char *module;

	(void)state;
	assert_string_equal(class_of(leak, "memleaker", &module), "driver");
	assert_string_equal(module, "memleaker");
	/* A better class keeps the module beside it. */
	assert_string_equal(class_of(slab, "memleaker", &module), "slab");
	assert_string_equal(module, "memleaker");
}

static void test_nothing_known(void **state)
{
	struct path_frame v[] = {{.offset = 0x1234}, {.function = ""}};
	const struct path_frames none = {}, unnamed = {.v = v, .n = 2};
	const char *module;

	(void)state;
	assert_string_equal(kernel_class_of(&none, &module)->name, "other");
	assert_string_equal(kernel_class_of(&unnamed, &module)->name, "other");
	assert_null(module);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_driver),
		cmocka_unit_test(test_nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
