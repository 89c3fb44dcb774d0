/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A C++ (Itanium ABI) or Rust (legacy and v0) symbol as it was written in the
 * source, malloc'ed; NULL: it is neither, or is too long to be looked at.
 *
 * By libiberty: the demangler of binutils and gdb, in Debian (libiberty-dev)
 * and Fedora (binutils-devel) a static library. libstdc++'s __cxa_demangle
 * has no Rust v0, shows the hash of legacy Rust names as a part of them, and
 * would be one more shared library that a small container may not have.
 */
char *demangle(const char *symbol);
