/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a file has Go's table of functions. */
#pragma once

#include <libelf.h>

#include "symbol/function_table.h"

/* Adds its functions, moved by bias; names stay those of elf. 0; or with nothing added -ENOENT: it
 * has no table, -ENOEXEC: one that cannot be read, or -ENOMEM. */
int go_elf__add_to(Elf *elf, uint64_t bias, struct function_table *to);
