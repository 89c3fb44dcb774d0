/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses to functions, files and lines. In three steps, so that nothing is
 * opened while events are drained and each file is opened once:
 *
 *	symbolizer__add()	what is known of a mapped file, when it is first met
 *	symbolizer__want()	an address in it; remembers, no more
 *	symbolizer__run()	after the fact: resolves all that was asked for
 *	symbolizer__frames()	the answer, any number of times
 *
 * run() reads ELF and DWARF in a child process, one at a time, under limits of
 * memory and time: what a hostile, damaged or gigantic file does to the child
 * costs the names of that file and is told in limits. Not for several threads
 * at once on one symbolizer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/limit.h"
#include "model/path.h"

enum symbol_kind {
	SYMBOL_FILE,	 /* an ELF file: program or library */
	SYMBOL_VDSO,	 /* this kernel's; resolved while it runs */
	SYMBOL_PERF_MAP, /* code a JIT wrote: addresses as in the process */
	SYMBOL_KERNEL,	 /* addresses as the kernel has them, its modules included */
	SYMBOL_NONE,	 /* nothing to look into: frames keep module and offset */
	_SYMBOL_KIND_MAX,
};

/* All strings and lists are copied, descriptors duplicated. */
struct symbol_module {
	enum symbol_kind kind;
	const char *name;     /* shown as the frame's module; a path as the process saw it */
	const char *build_id; /* hex, as it was mapped; NULL unknown. A file with another one
				 is not the one that ran: refused, and told. */
	int fd;	     /* FILE: the file itself (map_files, exe), read first; -1: by its name.
			PERF_MAP: of perf_map_open(), -1: it may come. KERNEL: of
			kernel_symbols_open(). 0 is taken for a descriptor: say -1. */
	int root_fd; /* FILE: the root directory of the process (/proc/PID/root), where its name
			and its debug files are looked up, links staying inside; -1: ours */
};

struct symbol_options {
	const char *const *debug_dirs; /* --debug-dir: NULL-terminated, or NULL; searched first */
	uint64_t max_ns;	   /* for each module; 0: 10 s. What was found by then is kept. */
	uint64_t max_total_ns;	   /* for all of them together; 0: 60 s */
	uint64_t max_memory_bytes; /* of the child's address space, files mapped into it included;
				      0: 4 GiB; UINT64_MAX: any */
	bool no_lines;		   /* symbol tables only: no inlined functions, files, lines */
};

struct symbolizer;
int symbolizer__new(const struct symbol_options *o, struct symbolizer **ret);
void symbolizer__free(struct symbolizer *s);

/* Of two with one name and build-id, the second is the first. */
int symbolizer__add(struct symbolizer *s, const struct symbol_module *m, uint32_t *ret_module);

/* A perf map that its process has written since; fd is copied. 0 or -errno. */
int symbolizer__give_map(struct symbolizer *s, uint32_t module, int fd);

/*
 * `addr` in the module's own (ELF) addresses: where it ran, less the bias it
 * was loaded with. Of a frame that called the one before it, the return
 * address less one, so that it lies within the call.
 */
int symbolizer__want(struct symbolizer *s, uint32_t module, uint64_t addr);

/*
 * Resolves what was asked for since the last time; may take max_ns for each
 * module with new addresses. A module that cannot be read is no error.
 */
int symbolizer__run(struct symbolizer *s);

/*
 * Appends the frames at this address, leaf first: what is inlined there, then
 * the function that has it in its code. At least one: an address that could
 * not be resolved, or was not asked for, has no function. Strings live as long
 * as the symbolizer. 0 or -ENOMEM (frames as they were).
 */
int symbolizer__frames(const struct symbolizer *s, uint32_t module, uint64_t addr,
		       struct path_frames *frames);

/* Sets "symbols_…" entries: files refused, damaged, too large, time over. */
int symbolizer__limits(const struct symbolizer *s, struct limits *l);

/*
 * /tmp/perf-PID.map of a process, in its own mount and pid namespace; proc_fd
 * is /proc. Opened as a regular file of the process's user or root that is no
 * link; descriptor, or -errno (-ENOENT: it has none; -EPERM: not to be trusted).
 */
int perf_map_open(int proc_fd, uint32_t pid);

/*
 * The kernel's symbols: proc/kallsyms below root_fd. The kernel decides who
 * may see addresses when it is opened: so before privileges are dropped.
 * Descriptor or -errno.
 */
int kernel_symbols_open(int root_fd);

/*
 * The build-id of an ELF file as hex digits. 0, -ENODATA (it has none),
 * -ENOEXEC (no ELF file, or damaged) or -errno.
 */
#define BUILD_ID_SIZE (2 * 64 + 1)
int build_id_read(int fd, char ret[static BUILD_ID_SIZE]);
