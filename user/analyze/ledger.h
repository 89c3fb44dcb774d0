/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The closed ledger, made from what the kernel counts. Pure. */
#pragma once

#include "model/hidden.h"
#include "model/ledger.h"
#include "model/tick.h"

struct ledger_input {
	const struct meminfo_line *meminfo;
	size_t n_meminfo;
	const struct meminfo_line *machine; /* names of model/machine.h */
	size_t n_machine;
	const struct hidden_sample *hidden;
	size_t n_hidden;
};

/* Every line but those that only know growth, which are 0. 0, or -ENOENT without MemTotal or
 * MemFree. */
int ledger_make(const struct ledger_input *in, struct ledger *ret);

/* Bytes of this kind. */
uint64_t hidden_sum(const struct hidden_sample *v, size_t n, enum hidden_kind kind);

/*
 * Moves from the unnamed rest of `end` to the line of what is known to have
 * grown since `start`: at most `bytes`, and no more than the rest itself grew.
 * Returns what was moved.
 */
uint64_t ledger_claim(const struct ledger *start, struct ledger *end, enum ledger_line line,
		      uint64_t bytes);

/* Growth of what may lie in the kernel pages that some line names, shrinking ones not counted:
 * slab, page tables, stacks, vmalloc, per-CPU data, rings … */
uint64_t ledger_named_growth(const struct ledger *start, const struct ledger *end);

/* How far the ledger tells why MemAvailable changed. */
struct ledger_total {
	bool known;		 /* both moments have MemAvailable */
	int64_t available, free; /* change of MemAvailable and MemFree */
	int64_t unnamed;	 /* change of the unnamed rest */
	int64_t locked;		 /* cache that is there and no longer counts as available */
	uint64_t taken;		 /* growth of the lines that cannot be had without swapping */
	bool permille_known;	 /* enough was taken for a share of it */
	uint32_t explained_permille;
};

void ledger_total(const struct ledger_input *in_start, const struct ledger *start,
		  const struct ledger_input *in_end, const struct ledger *end,
		  struct ledger_total *ret);

/* Whether this line of /proc/meminfo is known: as a ledger line, as part of one, or as no RAM. */
bool meminfo_is_classified(const char *name);
