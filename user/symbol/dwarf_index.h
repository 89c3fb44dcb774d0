/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DWARF by address: which functions are inlined there, in which file, on which
 * line. A unit is read when an address in it is first asked for.
 *
 * libdw's own dwarf_addrdie() needs .debug_aranges, which clang does not emit,
 * and its dwarf_getscopes() does not look into namespaces, where rustc has its
 * functions; so both are done here.
 */
#pragma once

#include <elfutils/libdw.h>
#include <stdbool.h>

#include "model/path.h"
#include "model/strings.h"

struct dwarf_index;

int dwarf_index__new(Dwarf *dw, struct dwarf_index **ret);
void dwarf_index__free(struct dwarf_index *x);

/*
 * Appends the frames at an address, innermost first, demangled, in strings of
 * `strings`; the last one is the function that has the code. 0, -ENOENT (no
 * function here; frames as they were) or -ENOMEM.
 */
int dwarf_index__frames(struct dwarf_index *x, uint64_t addr, struct strings *strings,
			struct path_frames *frames);
