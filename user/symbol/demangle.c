/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/demangle.h"

#include <string.h>

/* binutils-devel has put it in either place. */
#if __has_include(<libiberty/demangle.h>)
#include <libiberty/demangle.h>
#else
#include <demangle.h>
#endif

/* Names grow when demangled, by substitutions without bound: what compilers
 * emit in earnest is far below this. */
#define SYMBOL_MAX 8192

char *demangle(const char *symbol)
{
	if (symbol[0] != '_' || strnlen(symbol, SYMBOL_MAX) == SYMBOL_MAX)
		return NULL;
	return cplus_demangle(symbol, DMGL_AUTO | DMGL_PARAMS | DMGL_ANSI);
}
