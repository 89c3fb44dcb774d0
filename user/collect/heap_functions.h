/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The allocation functions of an ELF file: of libc, or of jemalloc, tcmalloc or
 * mimalloc, be they a library or part of a program, found by their symbols.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "memtrace_heap.h"

struct heap_function {
	enum mt_heap_kind kind;
	uint64_t offset; /* of the instruction to probe, in the file */
	bool emulated;	 /* the kernel runs it without a second trap */
	bool leaf;	 /* calls none of the others, whatever happens */
};

#define HEAP_FUNCTIONS_MAX 128 /* of one kind of name in one file */

/* Frees come first. */
struct heap_functions {
	struct heap_function *v;
	size_t n, cap;
};

/* What a symbol of this name does. false: it is none of ours. Pure. */
bool heap_function_kind(const char *name, enum mt_heap_kind *ret);

/*
 * Those that the file at fd defines; appended. A file without symbols, or that
 * is damaged, has none. 0 or -ENOMEM.
 */
int heap_functions__read(int fd, struct heap_functions *ret);
