/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/heap_functions.h"
#include "collect/heap_insn.h"
#include "skip.h"

static void names_tell_what_a_function_does(void **state)
{
	static const struct {
		const char *name;
		enum mt_heap_kind kind;
	} known[] = {
		{"malloc", MT_HEAP_MALLOC},
		{"je_malloc", MT_HEAP_MALLOC},
		{"_rjem_mallocx", MT_HEAP_MALLOC},
		{"mi_calloc", MT_HEAP_CALLOC},
		{"tc_posix_memalign", MT_HEAP_POSIX},
		{"aligned_alloc", MT_HEAP_ALIGNED},
		{"realloc", MT_HEAP_REALLOC},
		{"reallocarray", MT_HEAP_REALLOC_N},
		{"cfree", MT_HEAP_FREE},
		{"_Znwm", MT_HEAP_MALLOC},
		{"_ZnamSt11align_val_tRKSt9nothrow_t", MT_HEAP_MALLOC},
		{"_ZdlPvm", MT_HEAP_FREE},
		{"_ZdaPvSt11align_val_t", MT_HEAP_FREE},
	};
	static const char *const others[] = {
		"",	   "mallo", "malloc2", "xmalloc",    "_malloc", "malloc_trim", "_Znwj",
		"_ZnwmPv", "_Zdl",  "je_",     "je_je_free", "_ZdlPvj", "free_",       "_ZNmalloc"};
	enum mt_heap_kind kind;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_true(heap_function_kind(known[i].name, &kind));
		assert_int_equal(kind, known[i].kind);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (heap_function_kind(others[i], &kind))
			fail_msg("%s is taken for an allocation function", others[i]);
}

/* Where the C library of this machine is: the sanitizer's has most of its functions, too. */
static int open_libc(void)
{
	Dl_info info;

	if (!dladdr(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"), &info))
		return -1;
	return open(info.dli_fname, O_RDONLY | O_CLOEXEC);
}

static size_t count(const struct heap_functions *f, enum mt_heap_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->v[i].kind == kind;
	return n;
}

static size_t count_leaves(const struct heap_functions *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		n += f->v[i].leaf;
		/* Others hand their work to malloc, in some version of the library. */
		if (f->v[i].leaf)
			assert_int_equal(f->v[i].kind, MT_HEAP_MALLOC);
	}
	return n;
}

static void the_c_library_has_them_all(void **state)
{
	struct heap_functions f = {};
	int fd = open_libc();

#ifndef __x86_64__
	skip_because("only on x86-64 so far");
#endif
	assert_true(fd >= 0);
	assert_int_equal(heap_functions__read(fd, &f), 0);
	assert_int_equal(count(&f, MT_HEAP_CALLOC), 1);
	assert_int_equal(count(&f, MT_HEAP_REALLOC), 1);
	assert_int_equal(count(&f, MT_HEAP_POSIX), 1);
	assert_true(count(&f, MT_HEAP_MALLOC) >= 1);
	assert_true(count(&f, MT_HEAP_ALIGNED) >= 1);
	assert_true(count(&f, MT_HEAP_FREE) >= 1);
	assert_int_equal(count_leaves(&f), 1);
	/* frees first: what is seen to be allocated must be seen to go */
	assert_int_equal(f.v[0].kind, MT_HEAP_FREE);
	vec_free(&f);
	close(fd);
}

static int file_of(const void *data, size_t n)
{
	int fd = memfd_create("heap_functions", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), (ssize_t)n);
	return fd;
}

static void no_elf_file_has_none(void **state)
{
	static const char *const texts[] = {"", "#!/bin/sh\n", "\177ELF",
					    "\177ELF\2\1\1 and no more"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct heap_functions f = {};
		int fd = file_of(texts[i], strlen(texts[i]));

		assert_int_equal(heap_functions__read(fd, &f), 0);
		assert_int_equal(f.n, 0);
		close(fd);
	}
}

/* Cut anywhere, it has what is left of it or nothing, within the file. */
static void a_cut_file_is_read_as_far_as_it_goes(void **state)
{
	static unsigned char data[4 << 20];
	int whole = open_libc();
	ssize_t n = pread(whole, data, sizeof(data), 0);

	assert_true(n > 0);
	for (ssize_t cut = 0; cut < n; cut += n / 37) {
		struct heap_functions f = {};
		int fd = file_of(data, (size_t)cut);

		assert_int_equal(heap_functions__read(fd, &f), 0);
		for (size_t i = 0; i < f.n; i++)
			assert_true(f.v[i].offset < (uint64_t)cut + HEAP_INSN_BYTES);
		vec_free(&f);
		close(fd);
	}
	close(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_tell_what_a_function_does),
		cmocka_unit_test(the_c_library_has_them_all),
		cmocka_unit_test(no_elf_file_has_none),
		cmocka_unit_test(a_cut_file_is_read_as_far_as_it_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
