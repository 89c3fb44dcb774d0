/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an ELF file and its debug files say of addresses. Runs in the child of
 * symbol/worker: libelf and libdw map files that others may truncate, and
 * follow what damaged ones say.
 */
#pragma once

#include "symbol/debug_file.h"
#include "symbol/symbolizer.h"

struct elf_source {
	const struct symbol_module *module; /* FILE or VDSO */
	const char *const *debug_dirs;
	bool no_lines;	  /* symbol tables only */
	bool no_demangle; /* names as they are in the file */
};

struct elf_symbols;

/* 0 or -errno; why goes to notes, which must outlive it. */
int elf_symbols__open(const struct elf_source *s, struct notes *notes, struct elf_symbols **ret);
void elf_symbols__close(struct elf_symbols *e);

/*
 * Appends the frames at an address, innermost first, function, file, line and
 * inlined set, strings of `strings`. 0, -ENOENT (no name; nothing appended) or
 * -ENOMEM.
 */
int elf_symbols__frames(struct elf_symbols *e, uint64_t addr, struct strings *strings,
			struct path_frames *frames);
