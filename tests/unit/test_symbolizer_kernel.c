/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sys/mman.h>

#include "skip.h"
#include "symbol_place.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

static int file_of(const char *text)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void kernel_functions(void **state)
{
	static const char text[] = "ffffffff81000000 T _text\n"
				   "ffffffff81000100 t do_work\n"
				   "ffffffff81000100 T do_work_exported\n"
				   "ffffffff81000200 D some_data\n"
				   "ffffffffc0001000 t nf_grow\t[nf_conntrack]\n"
				   "ffffffff81000300 T _etext\n"
				   "garbage\n\nffffffff81000110\n";
	static const struct {
		uint64_t addr;
		const char *function, *module;
	} cases[] = {
		{0xffffffff81000101, "do_work_exported", "[kernel]"},
		{0xffffffff81000010, "_text", "[kernel]"},
		{0xffffffff81000204, NULL, "[kernel]"},
		{0xffffffff81000304, NULL, "[kernel]"},
		{0xffffffffc0001004, "nf_grow", "nf_conntrack"},
		{0xffffffffc0001008, "nf_grow", "nf_conntrack"},
		{0xffffffffd0001008, NULL, "[kernel]"},
		{0x1000, NULL, "[kernel]"},
	};
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){0});
	struct symbol_module m = {.kind = SYMBOL_KERNEL, .name = "[kernel]", .root_fd = -1};
	uint32_t id;

	m.fd = file_of(text);
	assert_int_equal(symbolizer__add(s, &m, &id), 0);
	close(m.fd);
	for (size_t i = 0; i < N_OF(cases); i++)
		assert_int_equal(symbolizer__want(s, id, cases[i].addr), 0);
	assert_int_equal(symbolizer__run(s), 0);
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct path_frames frames = {0};

		assert_int_equal(symbolizer__frames(s, id, cases[i].addr, &frames), 0);
		assert_int_equal(frames.n, 1);
		if (cases[i].function)
			assert_string_equal(frames.v[0].function, cases[i].function);
		else
			assert_null(frames.v[0].function);
		assert_string_equal(frames.v[0].module, cases[i].module);
		vec_free(&frames);
	}
	symbolizer__free(s);
}

static void a_kernel_that_hides_its_addresses(void **state)
{
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){0});
	struct symbol_module m = {.kind = SYMBOL_KERNEL, .name = "[kernel]", .root_fd = -1};
	struct limits l = {0};
	uint32_t id;

	m.fd = file_of("0000000000000000 T _text\n0000000000000000 T do_work\n");
	assert_int_equal(symbolizer__add(s, &m, &id), 0);
	close(m.fd);
	assert_null(function_at(s, id, 0xffffffff81000101));
	assert_non_null(limit_of(s, &l, "symbols_kernel_hidden"));
	limits__free(&l);
	symbolizer__free(s);
}

static void this_kernel(void **state)
{
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){0});
	struct symbol_module m = {.kind = SYMBOL_KERNEL, .name = "[kernel]", .root_fd = -1};
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct limits l = {0};
	uint32_t id;

	m.fd = kernel_symbols_open(root);
	close(root);
	if (m.fd < 0) {
		symbolizer__free(s);
		skip_because("no /proc/kallsyms");
	}
	assert_int_equal(symbolizer__add(s, &m, &id), 0);
	close(m.fd);
	/* An address below the kernel's: no name, and an error only where all are hidden. */
	assert_null(function_at(s, id, 4096));
	assert_int_equal(symbolizer__limits(s, &l), 0);
	assert_true(!l.n || limits__find(&l, "symbols_kernel_hidden"));
	limits__free(&l);
	symbolizer__free(s);
}

static void a_perf_map_that_comes_later(void **state)
{
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){0});
	struct symbol_module m = {.kind = SYMBOL_PERF_MAP, .fd = -1, .root_fd = -1};
	struct limits l = {0};
	uint32_t late, never;
	int fd;

	assert_int_equal(symbolizer__add(s, &m, &late), 0);
	assert_int_equal(symbolizer__add(s, &m, &never), 0);
	assert_int_not_equal(late, never);
	assert_int_equal(symbolizer__want(s, late, 0x1010), 0);
	fd = file_of("1000 20 void Leak.most()\n");
	assert_int_equal(symbolizer__give_map(s, late, fd), 0);
	close(fd);
	assert_string_equal(function_at(s, late, 0x1010), "void Leak.most()");
	assert_int_equal(symbolizer__limits(s, &l), 0);
	assert_null(limits__find(&l, "symbols_no_perf_map"));
	assert_null(function_at(s, never, 0x1010));
	assert_int_equal(symbolizer__limits(s, &l), 0);
	assert_int_equal(limits__find(&l, "symbols_no_perf_map")->count, 1);
	limits__free(&l);
	symbolizer__free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_functions),
		cmocka_unit_test(a_perf_map_that_comes_later),
		cmocka_unit_test(a_kernel_that_hides_its_addresses),
		cmocka_unit_test(this_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
