/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbols that come as text: the kernel's and those of JITs. The files are
 * read once for all addresses and not kept: they may have a million lines.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct text_symbol {
	uint64_t addr; /* wanted; the caller's */
	char *name;    /* malloc'ed; NULL: none */
	char *module;  /* malloc'ed; of the kernel; NULL: the kernel itself */
	uint64_t start;
	int rank;
};

/* Sorts v by address. 0, -EPERM (all addresses are hidden) or -errno. */
int kernel_symbols_find(int fd, struct text_symbol *v, size_t n);

/*
 * Sorts v by address. Of several entries for one address the last one counts:
 * a JIT appends. 0, -EFBIG (there was more than is read) or -errno.
 */
int perf_map_find(int fd, struct text_symbol *v, size_t n);
