/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sys/auxv.h>
#include <time.h>

#include "skip.h"
#include "symbol_place.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

static bool ends_with(const char *s, const char *tail)
{
	size_t n = s ? strlen(s) : 0, m = strlen(tail);

	return n >= m && !strcmp(s + n - m, tail);
}

/* The names in a program, wherever its symbols are kept. */
static void names_wherever_they_are(void **state)
{
	static const struct {
		const char *program, *debug_dir;
		bool local; /* functions that .dynsym never has */
		bool lines;
	} cases[] = {
		{"plain", NULL, true, true},	     {"stripped", NULL, false, false},
		{"linked", NULL, true, true},	     {"crc", NULL, true, true},
		{"identified", "debug", true, true}, {"identified", NULL, false, false},
		{"mini", NULL, true, false},	     {"staticpie", NULL, true, true},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		const char *program = cases[i].program;
		char dir[PATH_SIZE];
		const char *dirs[] = {cases[i].debug_dir, NULL};
		struct symbolizer *s;
		struct path_frames f;
		struct limits l = {0};
		uint32_t m;

		if (was_skipped(program)) {
			print_message("no %s on this machine\n", program);
			continue;
		}
		if (dirs[0])
			dirs[0] = in_place(dir, dirs[0]);
		s = new_symbolizer(&(struct symbol_options){.debug_dirs = dirs});
		m = add_program(s, program);
		f = frames_at(s, m, address_in(program, "hidden_counter") + 1);
		print_message("%s: %s\n", program, f.v[f.n - 1].function);
		if (cases[i].local)
			assert_string_equal(f.v[f.n - 1].function, "hidden_counter");
		else
			assert_null(f.v[f.n - 1].function);
		assert_true(ends_with(f.v[0].module, program));
		assert_int_equal(f.v[0].offset, address_in(program, "hidden_counter") + 1);
		assert_int_equal(ends_with(f.v[0].file, "/src/shop.c"), cases[i].lines);
		assert_int_equal(f.v[0].line != 0, cases[i].lines);
		vec_free(&f);
		assert_int_equal(symbolizer__limits(s, &l), 0);
		assert_int_equal(l.n, 0);
		limits__free(&l);
		symbolizer__free(s);
	}
}

static void inlined_functions_come_first(void **state)
{
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){0});
	uint32_t m = add_program(s, "plain");
	uint64_t start = address_in("plain", "buy"), found = 0;
	struct path_frames f = {0};

	for (uint64_t a = start; a < start + 40; a++)
		assert_int_equal(symbolizer__want(s, m, a), 0);
	assert_int_equal(symbolizer__run(s), 0);
	for (uint64_t a = start; a < start + 40 && !found; a++) {
		f.n = 0;
		assert_int_equal(symbolizer__frames(s, m, a, &f), 0);
		found = f.n == 3 ? a : 0;
	}
	assert_true(found);
	assert_string_equal(f.v[0].function, "take_from_shelf");
	assert_string_equal(f.v[1].function, "fill_basket");
	assert_string_equal(f.v[2].function, "buy");
	assert_true(f.v[0].inlined && f.v[1].inlined && !f.v[2].inlined);
	/* the lines of shop.c: where the call below it stands */
	assert_int_equal(f.v[1].line, 16);
	assert_int_equal(f.v[2].line, 21);
	for (size_t i = 0; i < 3; i++) {
		assert_true(ends_with(f.v[i].file, "/src/shop.c"));
		assert_int_equal(f.v[i].offset, found);
	}
	vec_free(&f);
	symbolizer__free(s);
}

static void rust_and_c_plus_plus(void **state)
{
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){0});
	uint32_t plain = add_program(s, "plain"), cxx = add_program(s, "cxx");
	struct path_frames f;

	assert_string_equal(
		function_at(s, plain, address_in("plain", "_RNvNtCs1234_7mycrate4deep4grow")),
		"mycrate::deep::grow");
	assert_string_equal(
		function_at(s, plain,
			    address_in("plain", "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as"
						"$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d"
						"3aE")),
		"<Test + 'static as foo::Bar<Test>>::bar");
	f = frames_at(s, cxx, address_in("cxx", "_ZN5store5stockERNS_5ShelfIiEE") + 8);
	assert_string_equal(f.v[f.n - 1].function, "store::stock(store::Shelf<int>&)");
	assert_true(ends_with(f.v[0].file, "/src/shop.cc"));
	assert_int_equal(f.n, 2);
	assert_string_equal(f.v[0].function, "store::Shelf<int>::add(unsigned long)");
	assert_true(f.v[0].inlined);
	vec_free(&f);
	f = frames_at(s, cxx, address_in("cxx", "_ZN5store5stockERNS_5ShelfIcEEi"));
	assert_string_equal(f.v[f.n - 1].function, "store::stock(store::Shelf<char>&, int)");
	vec_free(&f);
	symbolizer__free(s);
}

/* A name is given where a symbol is known to reach, and nowhere else. */
static void no_guessed_names(void **state)
{
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){.no_lines = true});
	uint32_t plain = add_program(s, "plain"), stripped = add_program(s, "stripped");
	uint64_t sized = address_in("plain", "sized"), sizeless = address_in("plain", "sizeless");

	assert_string_equal(function_at(s, plain, sized + 1), "sized");
	assert_null(function_at(s, plain, sized + 2));
	assert_string_equal(function_at(s, plain, sizeless), "sizeless");
	assert_string_equal(function_at(s, plain, sizeless + 3), "sizeless");
	assert_string_equal(function_at(s, plain, sizeless + 4), "after_sizeless");
	assert_null(function_at(s, stripped, sized));
	assert_null(function_at(s, plain, 0));
	assert_null(function_at(s, plain, 0xdeadbeef000));
	assert_null(function_at(s, plain, UINT64_MAX));
	symbolizer__free(s);
}

static void foreign_debug_files_are_refused(void **state)
{
	static const struct {
		const char *program, *debug_dir;
	} cases[] = {{"other", "foreign"}, {"crcbad", NULL}};

	for (size_t i = 0; i < N_OF(cases); i++) {
		char dir[PATH_SIZE];
		const char *dirs[] = {cases[i].debug_dir, NULL};
		struct limits l = {0};
		const struct limit *refused;
		struct symbolizer *s;
		uint32_t m;

		if (dirs[0])
			dirs[0] = in_place(dir, dirs[0]);
		s = new_symbolizer(&(struct symbol_options){.debug_dirs = dirs});
		m = add_program(s, cases[i].program);
		assert_null(function_at(s, m, address_in(cases[i].program, "hidden_counter")));
		refused = limit_of(s, &l, "symbols_debug_mismatch");
		assert_non_null(refused);
		assert_int_equal(refused->count, 1);
		assert_non_null(strstr(refused->meaning, ".debug"));
		limits__free(&l);
		symbolizer__free(s);
	}
}

static void a_file_that_was_replaced_is_not_used(void **state)
{
	char path[PATH_SIZE], id[BUILD_ID_SIZE];
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){0});
	struct symbol_module m = {
		.kind = SYMBOL_FILE, .name = in_place(path, "plain"), .fd = -1, .root_fd = -1};
	uint64_t buy = address_in("plain", "buy");
	struct limits l = {0};
	struct path_frames f;
	uint32_t right, wrong;

	read_build_id("plain", id);
	assert_int_equal(strlen(id), 40);
	m.build_id = id;
	assert_int_equal(symbolizer__add(s, &m, &right), 0);
	assert_string_equal(function_at(s, right, buy), "buy");
	id[0] = id[0] == '0' ? '1' : '0';
	assert_int_equal(symbolizer__add(s, &m, &wrong), 0);
	assert_int_not_equal(right, wrong);
	f = frames_at(s, wrong, buy);
	assert_null(f.v[0].function);
	assert_string_equal(f.v[0].build_id, id); /* to be resolved elsewhere */
	assert_non_null(limit_of(s, &l, "symbols_file_changed"));
	limits__free(&l);
	vec_free(&f);
	symbolizer__free(s);
}

/* Who has but a name cannot know whose it is now. */
static void a_name_alone_proves_nothing(void **state)
{
	char path[PATH_SIZE];
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){0});
	const struct symbol_module m = {
		.kind = SYMBOL_FILE, .name = in_place(path, "plain"), .fd = -1, .root_fd = -1};
	struct limits l = {0};
	uint32_t id;

	assert_int_equal(symbolizer__add(s, &m, &id), 0);
	assert_null(function_at(s, id, address_in("plain", "buy")));
	assert_int_equal(limit_of(s, &l, "symbols_unproven")->count, 1);
	limits__free(&l);
	symbolizer__free(s);
}

/* On another machine, which has its debug file and not the program. */
static void a_debug_file_without_its_program(void **state)
{
	char dir[PATH_SIZE], id[BUILD_ID_SIZE];
	const char *const dirs[] = {in_place(dir, "debug"), NULL};
	const char *const names[] = {"/nowhere/identified", "/bin/sh", NULL};
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){.debug_dirs = dirs});
	uint64_t addr = address_in("identified", "hidden_counter");
	struct limits l = {0};

	read_build_id("identified", id);
	for (size_t i = 0; i < N_OF(names); i++) {
		const struct symbol_module m = {.kind = SYMBOL_FILE,
						.name = names[i],
						.build_id = id,
						.fd = -1,
						.root_fd = -1};
		struct path_frames f;
		uint32_t module;

		assert_int_equal(symbolizer__add(s, &m, &module), 0);
		f = frames_at(s, module, addr);
		print_message("%s: %s\n", names[i] ? names[i] : "no name", f.v[f.n - 1].function);
		assert_non_null(f.v[f.n - 1].function);
		assert_string_equal(f.v[f.n - 1].function, "hidden_counter");
		assert_true(ends_with(f.v[0].file, "/src/shop.c"));
		vec_free(&f);
	}
	assert_int_equal(symbolizer__limits(s, &l), 0);
	assert_int_equal(l.n, 0);
	symbolizer__free(s);
}

/* By the descriptor, when the name leads nowhere or elsewhere. */
static void deleted_files_by_descriptor(void **state)
{
	char path[PATH_SIZE], command[512];
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){0});
	struct symbol_module m = {.kind = SYMBOL_FILE, .name = "/gone (deleted)", .root_fd = -1};
	uint32_t id;

	snprintf(command, sizeof(command), "cp %s/plain %s/gone", place, place);
	assert_int_equal(system(command), 0);
	m.fd = open(in_place(path, "gone"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symbolizer__add(s, &m, &id), 0);
	close(m.fd); /* it has its own */
	assert_string_equal(function_at(s, id, address_in("plain", "buy")), "buy");
	symbolizer__free(s);
}

/* In a container: by name below its root, where links stay inside. */
static void names_below_a_root(void **state)
{
	char command[512];
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){0});
	char id[BUILD_ID_SIZE];
	struct symbol_module m = {.kind = SYMBOL_FILE, .build_id = id, .fd = -1};
	struct limits l = {0};
	uint32_t inside, outside;

	read_build_id("plain", id);
	snprintf(command, sizeof(command),
		 "mkdir -p %s/root/bin && cp %s/plain %s/root/bin && ln -s /bin/plain %s/root/link "
		 "&& "
		 "ln -s %s/plain %s/root/escape",
		 place, place, place, place, place, place);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "%s/root", place);
	m.root_fd = open(command, O_PATH | O_DIRECTORY | O_CLOEXEC);
	m.name = "/link";
	assert_int_equal(symbolizer__add(s, &m, &inside), 0);
	m.name = "/escape";
	assert_int_equal(symbolizer__add(s, &m, &outside), 0);
	close(m.root_fd);
	assert_string_equal(function_at(s, inside, address_in("plain", "buy")), "buy");
	assert_null(function_at(s, outside, address_in("plain", "buy")));
	assert_int_equal(limit_of(s, &l, "symbols_unreadable")->count, 1);
	limits__free(&l);
	symbolizer__free(s);
}

static void what_is_no_elf_file(void **state)
{
	static const char *const names[] = {"/etc/passwd", "/dev/zero", "/", "/nowhere", ""};
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){0});
	struct limits l = {0};

	for (size_t i = 0; i < N_OF(names); i++) {
		const struct symbol_module m = {.kind = SYMBOL_FILE,
						.name = names[i],
						.build_id = "1234",
						.fd = -1,
						.root_fd = -1};
		struct path_frames f;
		uint32_t id;

		assert_int_equal(symbolizer__add(s, &m, &id), 0);
		f = frames_at(s, id, 0x1234);
		assert_null(f.v[0].function);
		assert_string_equal(f.v[0].module, names[i]);
		vec_free(&f);
	}
	assert_int_equal(limit_of(s, &l, "symbols_damaged")->count, 1);
	assert_int_equal(limit_of(s, &l, "symbols_unreadable")->count, 4);
	limits__free(&l);
	symbolizer__free(s);
}

/* A child that is killed costs its file the names, and nobody else. */
static void out_of_time(void **state)
{
	struct symbolizer *s =
		new_symbolizer(&(struct symbol_options){.max_ns = 1, .max_total_ns = UINT64_MAX});
	uint32_t m = add_program(s, "plain");
	struct limits l = {0};

	assert_null(function_at(s, m, address_in("plain", "buy")));
	assert_int_equal(limit_of(s, &l, "symbols_time_over")->count, 1);
	limits__free(&l);
	symbolizer__free(s);
}

static void out_of_memory(void **state)
{
	struct symbolizer *small, *large = new_symbolizer(&(struct symbol_options){0});
	struct limits l = {0};
	uint64_t addr = address_in("many", "many_17");

	assert_int_equal(symbolizer__new(&(struct symbol_options){.max_memory_bytes = 1}, &small),
			 0);
	assert_null(function_at(small, add_program(small, "many"), addr));
	assert_non_null(limit_of(small, &l, "symbols_reader_died"));
	assert_string_equal(function_at(large, add_program(large, "many"), addr), "many_17");
	limits__free(&l);
	symbolizer__free(small);
	symbolizer__free(large);
}

static void the_vdso(void **state)
{
	struct symbolizer *s = new_symbolizer(&(struct symbol_options){0});
	const struct symbol_module m = {
		.kind = SYMBOL_VDSO, .name = "[vdso]", .fd = -1, .root_fd = -1};
	uint32_t id;
	bool found = false;

	if (!getauxval(AT_SYSINFO_EHDR)) {
		symbolizer__free(s);
		skip_because("no vdso here");
	}
	assert_int_equal(symbolizer__add(s, &m, &id), 0);
	for (uint64_t a = 0; a < 0x2000; a += 16)
		assert_int_equal(symbolizer__want(s, id, a), 0);
	assert_int_equal(symbolizer__run(s), 0);
	for (uint64_t a = 0; a < 0x2000 && !found; a += 16) {
		const char *name = function_at(s, id, a);

		found = name && strstr(name, "clock_gettime");
	}
	assert_true(found);
	symbolizer__free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_wherever_they_are),
		cmocka_unit_test(inlined_functions_come_first),
		cmocka_unit_test(rust_and_c_plus_plus),
		cmocka_unit_test(no_guessed_names),
		cmocka_unit_test(foreign_debug_files_are_refused),
		cmocka_unit_test(a_file_that_was_replaced_is_not_used),
		cmocka_unit_test(a_name_alone_proves_nothing),
		cmocka_unit_test(a_debug_file_without_its_program),
		cmocka_unit_test(deleted_files_by_descriptor),
		cmocka_unit_test(names_below_a_root),
		cmocka_unit_test(what_is_no_elf_file),
		cmocka_unit_test(out_of_time),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(the_vdso),
	};

	return cmocka_run_group_tests(tests, build_programs, remove_programs);
}
