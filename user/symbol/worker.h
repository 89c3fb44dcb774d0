/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads one file in a child process: it may run out of memory or time, be sent
 * SIGBUS because its file was truncated, or crash on a damaged one. What it
 * answered before that is kept. The child opens nothing that the file names,
 * but debug files that belong to it.
 */
#pragma once

#include "symbol/elf_symbols.h"
#include "symbol/answer.h"

struct worker_job {
	const struct elf_source *source;
	const uint64_t *addrs; /* answered by their numbers */
	const uint32_t *todo;  /* the numbers wanted, in order */
	size_t n_todo;
	uint64_t max_ns, max_memory_bytes;
};

enum worker_end {
	WORKER_DONE,
	WORKER_LATE, /* out of time, or of room for answers */
	WORKER_DIED, /* by a signal, or by itself */
};

/* Appends the child's answers to `answers`. 0 or -errno (no child was made). */
int worker_run(const struct worker_job *job, struct strbuf *answers, enum worker_end *ret_end);
