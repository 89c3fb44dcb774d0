/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "report_run.h"

#define MI (1ull << 20)

static char libc_name[] = "/lib/libc.so", build_id[] = "abcd", function[] = "leak";

static void add_node(struct run *run, uint32_t id, uint32_t parent, uint64_t addr)
{
	assert_int_equal(vec_push(&run->last.nodes, (struct code_node){id, parent, 1, addr}), 0);
}

static void add_path(struct run *run, uint32_t id, uint32_t leaf, uint64_t live, uint64_t error)
{
	const struct path_sample p = {
		.id = id,
		.domain = PATH_USER,
		.proc = {7, 7},
		.leaf = leaf,
		.complete = true,
		.live = live,
		.error = error,
		.taken = live,
		.samples = 10,
	};

	assert_int_equal(vec_push(&run->last.paths, p), 0);
}

/* Two addresses of one function, and one without a name. */
static struct run two_and_one(void)
{
	struct run run = new_run(10);
	const struct code_module m = {
		.id = 1, .name = strdup(libc_name), .build_id = strdup(build_id)};

	assert_int_equal(vec_push(&run.last.modules, m), 0);
	add_node(&run, 1, 0, 0x100);
	add_node(&run, 2, 1, 0x200);
	add_node(&run, 3, 1, 0x208);
	add_node(&run, 4, 1, 0x300);
	for (uint64_t addr = 0x200; addr <= 0x208; addr += 8) {
		const struct code_symbol s = {
			.module = 1, .addr = addr, .function = strdup(function), .line = 5};

		assert_int_equal(vec_push(&run.last.symbols, s), 0);
	}
	add_path(&run, 1, 2, 30 * MI, 3 * MI);
	add_path(&run, 2, 3, 40 * MI, 4 * MI);
	add_path(&run, 3, 4, 10 * MI, 2 * MI);
	return run;
}

static void paths_that_read_the_same_are_one(void **state)
{
	struct run run = two_and_one();
	const struct report_path *p;

	build(&run);
	assert_int_equal(run.r->paths.n, 2);
	p = &run.r->paths.v[0];
	assert_int_equal(p->live_bytes, 70 * MI);
	assert_int_equal(p->error_bytes, 5 * MI); /* 3, 4, 5 */
	assert_int_equal(p->samples, 20);
	assert_int_equal(p->growth_bytes, 70 * MI);
	assert_int_equal(p->frames.n, 2);
	assert_string_equal(p->frames.v[0].function, "leak");
	assert_int_equal(p->frames.v[0].offset, 0x208); /* the larger one's */
	p = &run.r->paths.v[1];
	assert_null(p->frames.v[0].function);
	assert_string_equal(p->frames.v[0].module, libc_name);
	assert_string_equal(p->frames.v[0].build_id, build_id);
	report__free(run.r);
}

static void hold(struct run *run, int64_t bytes)
{
	own(run, (struct owner_sample){
			 .owner = 3, .kind = OWNER_PROCESS, .id = {7, 7}, .live = {bytes}});
}

static void what_is_counted_scales_what_agrees(void **state)
{
	struct run run = two_and_one();

	hold(&run, 88 * MI);
	build(&run);
	assert_true(run.r->path_totals.v[0].scaled);
	assert_int_equal(run.r->path_totals.v[0].estimate_bytes, 80 * MI);
	assert_int_equal(run.r->path_totals.v[0].held_bytes, 88 * MI);
	assert_int_equal(run.r->paths.v[0].live_bytes, 77 * MI);
	report__free(run.r);
}

static void what_was_not_sampled_is_no_path_of_those(void **state)
{
	struct run run = two_and_one();

	hold(&run, 800 * MI);
	build(&run);
	assert_false(run.r->path_totals.v[0].scaled);
	assert_int_equal(run.r->paths.v[0].live_bytes, 70 * MI);
	report__free(run.r);
}

static void small_ones_are_left_out_and_counted(void **state)
{
	struct run run = two_and_one();

	run.options.path_min_bytes = 20 * MI;
	build(&run);
	assert_int_equal(run.r->paths.n, 1);
	assert_int_equal(run.r->n_paths_small, 1);
	assert_int_equal(run.r->path_totals.v[0].estimate_bytes, 80 * MI);
	report__free(run.r);
}

static void add_kernel_frame(struct run *run, uint32_t id, uint32_t parent, uint32_t module,
			     const char *name)
{
	const struct code_symbol s = {.module = module, .addr = id, .function = strdup(name)};

	assert_int_equal(vec_push(&run->last.nodes, (struct code_node){id, parent, module, id}), 0);
	assert_int_equal(vec_push(&run->last.symbols, s), 0);
}

static void add_kernel_path(struct run *run, uint32_t id, uint32_t pid, const char *comm)
{
	struct path_sample p = {
		.id = id,
		.domain = PATH_KERNEL,
		.proc = {pid, pid},
		.leaf = 4,
		.complete = true,
		.live = 30 * MI,
		.error = 3 * MI,
		.samples = 100,
	};

	snprintf(p.comm, sizeof(p.comm), "%s", comm);
	assert_int_equal(vec_push(&run->last.paths, p), 0);
}

/* A leak in a module: of one process, of interrupts, and of several told by name. */
static void kernel_pages_have_a_class_and_who_asked(void **state)
{
	struct run run = new_run(10);
	const struct code_module kernel = {
		.id = 1, .kind = CODE_KERNEL, .name = strdup("[kernel]")};
	const struct code_module leaker = {.id = 2, .kind = CODE_KERNEL, .name = strdup("leaker")};
	const struct report_kernel_class *c;

	assert_int_equal(vec_push(&run.last.modules, kernel), 0);
	assert_int_equal(vec_push(&run.last.modules, leaker), 0);
	add_kernel_frame(&run, 1, 0, 1, "kthread");
	add_kernel_frame(&run, 2, 1, 2, "leak_pages");
	add_kernel_frame(&run, 3, 2, 1, "__alloc_pages_noprof");
	add_kernel_frame(&run, 4, 3, 1, "bpf_trace_run3");
	add_kernel_path(&run, 1, 7, "insmod");
	add_kernel_path(&run, 2, 0, "");
	add_kernel_path(&run, 3, 0, "cc1");
	add_kernel_path(&run, 4, 0, "as");
	build(&run);
	assert_int_equal(run.r->paths.n, 4);
	vec_for_each(p, &run.r->paths) {
		assert_string_equal(p->class, "driver");
		assert_string_equal(p->driver, "leaker");
		assert_int_equal(p->frames.n, 3); /* ours is gone */
		assert_string_equal(p->frames.v[p->asker].function, "leak_pages");
		assert_true(report_path__is_of_line(p, LEDGER_KERNEL_PAGES));
		assert_true(report_path__is_of_line(p, LEDGER_UNNAMED));
		assert_false(report_path__is_of_line(p, LEDGER_VMALLOC));
	}
	assert_int_equal(run.r->path_totals.n, 0);
	assert_int_equal(run.r->kernel_classes.n, 1);
	c = run.r->kernel_classes.v;
	assert_string_equal(c->name, "driver");
	assert_int_equal(c->live_bytes, 120 * MI);
	assert_in_range(c->error_bytes, 6 * MI - 4, 6 * MI);
	assert_int_equal(c->samples, 400);
	assert_int_equal(c->line, LEDGER_KERNEL_PAGES);
	assert_int_equal(c->line_bytes, 120 * MI);
	report__free(run.r);
}

static void place(struct run *run, uint32_t path, const char *cgroup, bool charged)
{
	struct path_cgroup g = {.id = path,
				.charged = charged,
				.runtime = RUNTIME_DOCKER,
				.cgroup = strdup(cgroup)};

	snprintf(g.name, sizeof(g.name), "%.*s", 3, cgroup + strlen("/docker/"));
	snprintf(g.container, sizeof(g.container), "%s", cgroup + strlen("/docker/"));
	assert_int_equal(vec_push(&run->last.path_cgroups, g), 0);
}

/* Of a process that has ended, and of interrupts: for each cgroup they took it for. */
static void kernel_paths_have_a_container(void **state)
{
	struct run run = new_run(10);
	struct proc_sample p = anon(7, 0, 1);
	const struct code_module kernel = {
		.id = 1, .kind = CODE_KERNEL, .name = strdup("[kernel]")};

	assert_int_equal(vec_push(&run.first.procs, p), 0);
	p.end = (struct proc_end){.ended = true};
	assert_int_equal(vec_push(&run.last.procs, p), 0);
	assert_int_equal(vec_push(&run.last.modules, kernel), 0);
	for (uint32_t id = 1; id <= 4; id++)
		add_kernel_frame(&run, id, id - 1, 1, id == 4 ? "alloc_skb" : "caller");
	add_kernel_path(&run, 1, 7, "nginx");
	for (uint32_t id = 2; id <= 5; id++)
		add_kernel_path(&run, id, 0, "");
	place(&run, 1, "/docker/webf00", false);
	place(&run, 2, "/docker/webf00", true);
	place(&run, 3, "/docker/dbcafe", true);
	place(&run, 4, "/docker/webf00", true);
	place(&run, 99, "/docker/none", true); /* of no path */
	build(&run);
	assert_int_equal(run.r->paths.n, 4);
	assert_string_equal(run.r->limits.v[0].kind, "session_code_damaged");
	assert_int_equal(run.r->paths.v[0].live_bytes, 60 * MI); /* two of one cgroup */
	assert_string_equal(run.r->paths.v[0].place.name, "web");
	assert_true(run.r->paths.v[0].place.charged);
	vec_for_each(path, &run.r->paths) {
		if (path->id.pid) {
			assert_string_equal(path->place.cgroup, "/docker/webf00");
			assert_string_equal(path->place.name, "web");
			assert_string_equal(path->place.id, "webf00");
			assert_false(path->place.charged);
			assert_true(path_place__is_container(&path->place));
		} else if (!path->place.cgroup) {
			assert_false(path_place__is_container(&path->place));
		}
	}
	report__free(run.r);
}

static void add_driver_path(struct run *run, uint32_t leaf, enum path_domain domain,
			    const char *cache, uint64_t mib)
{
	struct path_sample p = {.id = (uint32_t)run->last.paths.n + 1,
				.domain = domain,
				.proc = {7, 7},
				.leaf = leaf,
				.live = mib * MI,
				.error = 3 * MI,
				.samples = 10};

	snprintf(p.what, sizeof(p.what), "%s", cache);
	assert_int_equal(vec_push(&run->last.paths, p), 0);
}

/* Nodes: 2 pages, 4 the same through a slab, 6 a large kmalloc, all in module "leaker"; 7 none. */
static struct run of_a_module(void)
{
	struct run run = new_run(10);
	const struct code_module kernel = {
		.id = 1, .kind = CODE_KERNEL, .name = strdup("[kernel]")};
	const struct code_module leaker = {.id = 2, .kind = CODE_KERNEL, .name = strdup("leaker")};

	assert_int_equal(vec_push(&run.last.modules, kernel), 0);
	assert_int_equal(vec_push(&run.last.modules, leaker), 0);
	add_kernel_frame(&run, 1, 0, 2, "leak_pages");
	add_kernel_frame(&run, 2, 1, 1, "__alloc_pages");
	add_kernel_frame(&run, 3, 0, 2, "leak_objects");
	add_kernel_frame(&run, 4, 3, 1, "allocate_slab");
	add_kernel_frame(&run, 5, 0, 2, "leak_large");
	add_kernel_frame(&run, 6, 5, 1, "___kmalloc_large_node");
	add_kernel_frame(&run, 7, 0, 1, "pipe_write");
	for (uint32_t leaf = 2; leaf <= 6; leaf += 2)
		add_driver_path(&run, leaf, PATH_KERNEL, "", 10 * leaf);
	add_driver_path(&run, 7, PATH_KERNEL, "", 500);
	return run;
}

/* No byte twice: objects and the pages they lie in. */
static void modules_are_added_up(void **state)
{
	struct run run = of_a_module();
	const struct report_kernel_module *m;

	build(&run);
	assert_int_equal(run.r->kernel_modules.n, 1);
	m = run.r->kernel_modules.v;
	assert_string_equal(m->name, "leaker");
	assert_int_equal(m->live_bytes, 120 * MI);
	assert_int_equal(m->slab_bytes, 40 * MI);
	assert_int_equal(m->paths, 3);
	assert_int_equal(m->samples, 30);
	assert_in_range(m->error_bytes, 5.19 * MI, 5.2 * MI);
	report__free(run.r);

	run = of_a_module();
	add_driver_path(&run, 3, PATH_SLAB, "kmalloc-64", 33);
	add_driver_path(&run, 5, PATH_SLAB, "kmalloc of whole pages", 61);
	build(&run);
	m = run.r->kernel_modules.v;
	assert_int_equal(run.r->kernel_modules.n, 1);
	assert_int_equal(m->live_bytes, (20 + 60 + 33) * MI);
	assert_int_equal(m->slab_bytes, 33 * MI);
	assert_int_equal(m->paths, 3);
	report__free(run.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_that_read_the_same_are_one),
		cmocka_unit_test(what_is_counted_scales_what_agrees),
		cmocka_unit_test(what_was_not_sampled_is_no_path_of_those),
		cmocka_unit_test(small_ones_are_left_out_and_counted),
		cmocka_unit_test(kernel_pages_have_a_class_and_who_asked),
		cmocka_unit_test(kernel_paths_have_a_container),
		cmocka_unit_test(modules_are_added_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
