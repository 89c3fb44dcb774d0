/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call paths as they are recorded: modules, stacks as a tree of addresses, the
 * names found for them, and what each path holds. Rows of a tick, each told
 * once or when it changed; ids are dense, from 1 on, and stay the same during
 * a run. What is not resolved keeps module and address, and can be resolved
 * later or elsewhere.
 */
#pragma once

#include "model/path.h"
#include "model/process.h"

enum code_module_kind {
	CODE_FILE,   /* an ELF file */
	CODE_VDSO,   /* this kernel's */
	CODE_JIT,    /* memory of one process that no file is behind: addresses as it ran */
	CODE_KERNEL, /* addresses as the kernel has them */
	_CODE_MODULE_KIND_MAX,
};

/* Strings are owned by the row. */
struct code_module {
	uint32_t id;
	enum code_module_kind kind;
	struct proc_id proc; /* CODE_JIT: whose memory */
	char *name;	     /* path as its process saw it, "[vdso]" …; NULL unknown */
	char *build_id;	     /* hex digits; NULL: none, or not to be read */
};

/* A frame, and through its parent what called it: a path is named by its leaf. */
struct code_node {
	uint32_t id;
	uint32_t parent; /* 0: the outermost known */
	uint32_t module; /* 0: unknown */
	uint64_t addr;	 /* in the module's own addresses, of a caller one less than where it goes
			    on: within the call */
};

/* A name for an address. Inlined functions give several, the innermost with depth 0. */
struct code_symbol {
	uint32_t module;
	uint64_t addr;
	uint32_t depth;
	char *function, *file; /* NULL unknown */
	uint32_t line;
	bool inlined; /* into the next depth */
};

/* What a path holds at this moment; bytes. */
struct path_sample {
	uint32_t id;
	enum path_domain domain;
	struct proc_id proc; /* zero: no single one */
	char comm[COMM_SIZE];
	char what[32];	  /* PATH_SLAB: the cache; "" unknown */
	uint32_t leaf;	  /* code_node; 0: no stack */
	bool complete;	  /* the outermost frame is the thread's first */
	uint64_t live;	  /* held now */
	uint64_t at_exit; /* of user memory: held when its process ended, which gave it back */
	uint64_t error;	  /* of live and at_exit together, 95 %; 0: exact */
	uint64_t taken;	  /* since attach */
	uint64_t samples; /* behind live and at_exit */
	uint64_t oldest;  /* CLOCK_BOOTTIME ns of the oldest live one; 0: unknown */
};

/* Where a path of the kernel's took its memory, last: new or changed. */
struct path_cgroup {
	uint32_t id; /* of the path */
	bool charged;
	enum container_runtime runtime;
	char *cgroup; /* owned by the row */
	char name[256], container[65];
};

/* Now, or when its process ended: bytes. */
static inline uint64_t path_held(const struct path_sample *p)
{
	return p->live + p->at_exit;
}

/*
 * How old what a path holds is: its live bytes by when they were taken, in equal parts of the
 * time from begin to end, oldest first. Told whenever that time has grown by a quarter and at the
 * end, for paths that hold enough to tell.
 */
#define PATH_EPOCHS 16
struct path_ages {
	uint32_t id;		   /* of the path */
	uint64_t begin_ns, end_ns; /* CLOCK_BOOTTIME */
	uint64_t live[PATH_EPOCHS];
};

/* How the sampling went, running totals. */
struct sampling_stats {
	uint64_t asked_bytes;	 /* --sample: bytes a sample */
	uint64_t interval_bytes; /* in force now: wider where unwinding or much at once takes too
				    long */
	uint64_t stacks;	 /* samples whose stack was looked at */
	uint64_t repeated;	 /* of them: known already, not unwound again */
	uint64_t whole;		 /* of them: up to the thread's first function */
	uint64_t unwind_ns;	 /* CPU time for all of them */
};

void code_module__clear(struct code_module *m);
void code_symbol__clear(struct code_symbol *s);
