/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From registers and stack bytes to addresses of callers, without frame
 * pointers: by the call frame information that every binary has for its
 * exceptions. One process a space, from its exec on.
 */
#pragma once

#include <elfutils/libdwfl.h>

#include "collect/modules.h"
#include "memtrace.h"

#define UNWIND_FRAMES_MAX 1024

struct unwind_frame {
	uint32_t module; /* 0: unknown */
	uint64_t addr;	 /* as in struct code_node */
};

enum unwind_end {
	UNWIND_WHOLE,	/* reached the thread's first function */
	UNWIND_CUT,	/* the copied stack ended before */
	UNWIND_DEEP,	/* more than UNWIND_FRAMES_MAX */
	UNWIND_FAILED,	/* no way to go on from there: no frame information, or damaged */
	UNWIND_NO_CODE, /* nothing is known of the process: it is gone, or not to be read */
	_UNWIND_END_MAX,
};

/*
 * Where on its stack the return addresses were found: another sample at the
 * same place in the code with the same words there came the same way.
 */
struct unwind_word {
	uint32_t offset; /* from the stack pointer */
	uint64_t value;
};

struct unwind_result {
	enum unwind_end end;
	uint32_t n;
	struct unwind_frame frame[UNWIND_FRAMES_MAX]; /* leaf first */
	bool repeatable;			      /* words holds all that decides */
	uint32_t n_words;
	struct unwind_word word[UNWIND_FRAMES_MAX];
};

struct unwind_space;

/* Opens what is needed of the process; its mappings are read at the first walk. 0 or -errno. */
int unwind_space__open(int root_fd, struct proc_id id, struct modules *modules,
		       struct unwind_space **ret);
void unwind_space__close(struct unwind_space *u);

/* Reads the mappings again if they may have changed since: at most every min_ns. 0 or -errno. */
int unwind_space__refresh(struct unwind_space *u, uint64_t now_ns, uint64_t min_ns);

/* Whether an address is in code we know the mapping of. */
bool unwind_space__has(const struct unwind_space *u, uint64_t addr);

/* stack_full: the copy was not ended by the stack's own end. */
void unwind_space__walk(struct unwind_space *u, const struct mt_sample *s, bool stack_full,
			struct unwind_result *ret);

/* What has the code at an address, for its frame information. NULL: nothing we know. */
Dwfl_Module *unwind_space__module(const struct unwind_space *u, uint64_t addr);
/* Whether this return address leads into where a program or the loader starts. */
bool unwind_space__is_start(const struct unwind_space *u, uint64_t pc);
/* Whether the kernel put this return address there, to see when a function returns. */
bool unwind_space__is_trampoline(const struct unwind_space *u, uint64_t pc);
/* `called`: a return address. */
struct unwind_frame unwind_space__frame(const struct unwind_space *u, uint64_t pc, bool called);
/* How many times code was no longer where it had been mapped; new code beside it does not count. */
uint64_t unwind_space__replaced(const struct unwind_space *u);
/* Each with code that is mapped, perhaps more than once; stops at an error and returns it. */
int unwind_space__each_module(const struct unwind_space *u,
			      int (*fn)(void *arg, const struct module *m), void *arg);

/* The words of struct pt_regs that matter. */
uint64_t sample_pc(const struct mt_sample *s);
uint64_t sample_sp(const struct mt_sample *s);
uint64_t sample_link(const struct mt_sample *s); /* return address in a register; 0: none */
bool sample_is_64bit(const struct mt_sample *s);
