/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A code path and the memory it holds, resolved as far as it can be here. What
 * could not be resolved keeps module, offset and build-id, so that it can be
 * later, or elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "model/system.h"

/* What kind of memory a path holds; a byte is never in two of one report's paths of a domain. */
enum path_domain {
	PATH_USER,   /* resident pages of a process: who first touched them */
	PATH_HEAP,   /* blocks of a heap allocator (--heap) */
	PATH_KERNEL, /* pages the kernel took for itself */
	PATH_SLAB,   /* objects within slab pages: not to be added to PATH_KERNEL */
	PATH_MMAP,   /* address space, touched or not */
	_PATH_DOMAIN_MAX,
};

extern const char *const path_domain_names[_PATH_DOMAIN_MAX]; /* "user" "heap" "kernel" … */

/* Where the memory of a path was taken, last; strings are raw and borrowed. */
struct path_place {
	const char *cgroup; /* below the hierarchy's root; NULL unknown */
	bool charged;	    /* the kernel charges the memory to it; else its process was in it */
	enum container_runtime runtime;
	const char *name; /* of the container or service; NULL: neither */
	const char *id;	  /* of the container: hex for most; NULL: none */
};

static inline bool path_place__is_container(const struct path_place *p)
{
	return p->runtime != RUNTIME_NONE && p->runtime != RUNTIME_SERVICE && p->name;
}

/* Strings are raw and borrowed from whoever owns the path; NULL is unknown. */
struct path_frame {
	const char *function; /* demangled */
	const char *module;   /* file, "[kernel]", "[vdso]", a kernel module's name */
	const char *build_id; /* hex digits */
	uint64_t offset;      /* in the module's own (ELF) addresses; without a module as it ran */
	const char *file;
	uint32_t line; /* 0: unknown */
	bool inlined;  /* into the frame after it */
};

struct path_frames {
	struct path_frame *v; /* leaf first */
	size_t n, cap;
};
