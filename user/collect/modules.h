/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that code of watched processes comes from, each once however many
 * processes map it. Files stay open: they may be deleted, replaced, or inside
 * a container that is gone when their symbols are wanted.
 */
#pragma once

#include <libelf.h>

#include "collect/proc_maps.h"
#include "model/code.h"

struct module_segment {
	uint64_t offset, size, vaddr;
};

#define MODULE_SEGMENTS_MAX 8

struct module {
	struct code_module code;
	uint64_t dev, inode;
	int fd;		/* -1: cannot be opened, or too many are open; no unwinding through it */
	Elf *elf;	/* of fd; NULL: none. What is read of a file is read once, for all spaces */
	int root_fd;	/* root directory of a process that mapped it; -1 */
	uint64_t entry; /* where a program, or the dynamic loader, starts; 0: nowhere */
	uint64_t low, high; /* of its loaded segments, its own addresses */
	struct module_segment exec[MODULE_SEGMENTS_MAX];
	uint32_t n_exec;
};

struct modules {
	VEC(struct module *) v; /* id - 1; elements owned */
	uint32_t n_files;	/* open descriptors */
	uint64_t n_unreadable;	/* files that could not be opened or are no ELF files */
	uint64_t n_over;	/* not kept: MODULES_MAX reached */
};

#define MODULES_MAX 4096
/* Descriptors are a resource of the whole process (usually 1024). */
#define MODULE_FILES_MAX 384

/*
 * The module a mapping belongs to; proc_fd is /proc/PID. A file that cannot be
 * opened gives a module without one. 0, -ENOSPC or -ENOMEM.
 */
int modules__of_map(struct modules *t, int proc_fd, struct proc_id proc, const struct map_line *map,
		    struct module **ret);
/* The running kernel; its file is /proc/kallsyms. 0 or -ENOMEM. */
int modules__kernel(struct modules *t, int root_fd, uint32_t *ret_id);
/* A module of it by name; it has no file of its own. 0, -ENOSPC or -ENOMEM. */
int modules__of_kernel(struct modules *t, const char *name, uint32_t *ret_id);
/* What was added to each address of the module where this mapping has it. 0, or -ENOENT. */
int module__bias(const struct module *m, const struct map_line *map, uint64_t *ret);
Elf *module_vdso_elf(void); /* a new handle; NULL: there is none */
struct module *modules__get(const struct modules *t, uint32_t id); /* NULL: no such */
void modules__free(struct modules *t);
