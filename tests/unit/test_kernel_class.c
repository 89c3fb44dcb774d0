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
			    const char **ret_module, const char **ret_asker)
{
	struct path_frame v[STACK_MAX] = {};
	struct path_frames frames = {.v = v};
	struct kernel_asker a;

	for (; functions[frames.n]; frames.n++)
		v[frames.n] =
			(struct path_frame){.function = functions[frames.n], .module = "[kernel]"};
	if (module)
		v[frames.n - 1].module = module;
	a = kernel_asker_of(&frames);
	*ret_module = a.driver;
	*ret_asker = a.frame < frames.n ? functions[a.frame] : NULL;
	return a.class->name;
}

static void test_stacks(void **state)
{
	static const struct {
		const char *class, *asker, *functions[STACK_MAX];
	} cases[] = {
		{"packet rings",
		 "alloc_one_pg_vec_page",
		 {"__alloc_pages_noprof", "__get_free_pages", "alloc_one_pg_vec_page",
		  "packet_set_ring"}},
		{"slab",
		 "pipe_write",
		 {"__alloc_pages", "allocate_slab", "___slab_alloc", "pipe_write"}},
		{"pipe buffers",
		 "anon_pipe_write",
		 {"alloc_pages_mpol", "anon_pipe_write", "vfs_write"}},
		{"page tables",
		 "pte_alloc_one.isra.0",
		 {"pte_alloc_one.isra.0", "__handle_mm_fault"}},
		{"kernel stacks",
		 "dup_task_struct",
		 {"__vmalloc_node_range_noprof", "dup_task_struct", "kernel_clone"}},
		{"BPF maps and programs",
		 "array_map_alloc",
		 {"__vmalloc_node_range", "__bpf_map_area_alloc", "array_map_alloc"}},
		{"BPF ring buffers",
		 "ringbuf_map_alloc",
		 {"__alloc_pages_noprof", "ringbuf_map_alloc"}},
		{"vmalloc",
		 "xt_alloc_table_info",
		 {"vm_area_alloc_pages", "__vmalloc_node_range", "xt_alloc_table_info"}},
		{"per-CPU memory",
		 "pcpu_alloc_pages.constprop.0",
		 {"pcpu_alloc_pages.constprop.0", "pcpu_populate_chunk"}},
		{"kmalloc of whole pages",
		 "seq_read",
		 {"___kmalloc_large_node", "__kmalloc_noprof", "seq_read"}},
		{"io_uring rings", "io_create_region", {"alloc_pages_noprof", "io_create_region"}},
		{"socket buffers",
		 "alloc_skb_with_frags",
		 {"alloc_pages_noprof", "alloc_skb_with_frags", "sock_alloc_send_pskb"}},
		{"other",
		 "sysfs_kf_seq_show",
		 {"__alloc_pages", "get_zeroed_page", "sysfs_kf_seq_show"}},
		{"other", "pipe_writer", {"pipe_writer", "do_splice"}},
		{"slab", NULL, {"__alloc_pages", "allocate_slab", "__kmalloc"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *module, *asker;

		assert_string_equal(class_of(cases[i].functions, NULL, &module, &asker),
				    cases[i].class);
		assert_null(module);
		if (cases[i].asker)
			assert_string_equal(asker, cases[i].asker);
		else
			assert_null(asker);
	}
}

static void test_driver(void **state)
{
	const char *const leak[] = {"__alloc_pages", "leak_pages", NULL};
	const char *const slab[] = {"new_slab", "__kmem_cache_alloc_node", "kmalloc_trace",
				    "leak_objects", NULL};
	const char *const own[] = {"__alloc_pages", "alloc_pages_of_mine", NULL};
	const char *module, *asker;

	(void)state;
	assert_string_equal(class_of(leak, "memleaker", &module, &asker), "driver");
	assert_string_equal(module, "memleaker");
	assert_string_equal(asker, "leak_pages");
	/* A better class keeps the module beside it. */
	assert_string_equal(class_of(slab, "memleaker", &module, &asker), "slab");
	assert_string_equal(module, "memleaker");
	assert_string_equal(asker, "leak_objects");
	/* A module's function asks, whatever its name. */
	assert_string_equal(class_of(own, "memleaker", &module, &asker), "driver");
	assert_string_equal(asker, "alloc_pages_of_mine");
}

static void test_nothing_known(void **state)
{
	struct path_frame v[] = {{.offset = 0x1234}, {.function = ""}};
	const struct path_frames none = {}, unnamed = {.v = v, .n = 2};

	(void)state;
	assert_string_equal(kernel_asker_of(&none).class->name, "other");
	assert_int_equal(kernel_asker_of(&none).frame, 0);
	assert_string_equal(kernel_asker_of(&unnamed).class->name, "other");
	assert_null(kernel_asker_of(&unnamed).driver);
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
