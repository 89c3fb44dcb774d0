/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the machine's loss went, in a sentence: decided by tables over the report's values. */
#pragma once

#include "analyze/cause_path.h"
#include "analyze/cause_slab.h"
#include "base/str.h"
#include "model/report.h"

/* What the share is of. */
enum cause_basis {
	CAUSE_LOST, /* MemAvailable fell */
	/* Lines that MemAvailable does not count grew, but others gave memory back meanwhile: it
	 * fell by much less, or not at all. */
	CAUSE_TAKEN,
	CAUSE_FREE,  /* only MemFree fell: what grew can be had again */
	CAUSE_GROWN, /* of nothing: cause_find_reclaimable() */
};

struct cause {
	enum cause_basis basis;
	uint64_t amount;   /* that was lost or taken; 0 for CAUSE_GROWN; bytes */
	int64_t available; /* change of MemAvailable; 0 where it is not known */
	bool available_known;
	enum ledger_line line; /* that grew most of those that can have taken it */
	uint64_t grown;
	const struct report_hidden *holder;   /* of most of it; NULL: none known */
	const struct report_process *process; /* for lines that are processes' own memory */
	uint64_t holder_grown;		      /* of the one that is set */
	struct cause_slab slab;		      /* of the holder, where that is a slab cache */
	const struct owner_sample *taker;     /* who took most kernel pages and has them still */
	struct span negative_dentries;	      /* where the holder is that cache; a count */
	struct cause_path path;		      /* in the kernel: who asked for most of it */
	bool is_rest;			      /* of cause_find_rest() */
	uint32_t own_pid;		      /* whoever takes it may be this tool itself */
};

/* False: nothing lost or taken that is worth a sentence, or no ledger. Pointers into the report and
 * the owners. */
bool cause_find(const struct report *r, const struct owner_sample *owners, size_t n_owners,
		struct cause *ret);

/* What explains most of what `first` leaves, where that is a substantial part of the same amount.
 * False: nothing does. */
bool cause_find_rest(const struct report *r, const struct owner_sample *owners, size_t n_owners,
		     const struct cause *first, struct cause *ret);

/* The same for reclaimable slab, which takes nothing from MemAvailable and is asked about all the
 * more. False: it did not grow. */
bool cause_find_reclaimable(const struct report *r, const struct owner_sample *owners,
			    size_t n_owners, struct cause *ret);

/* "1.2 GiB of the 1.3 GiB that MemAvailable lost is packet rings: …", with what ends it. */
void cause_say(const struct cause *c, struct strbuf *b);

/* "Next: …"; nothing where this line has no command. */
void cause_say_next(const struct cause *c, struct strbuf *b);

/* What it means that this line is large; NULL: nothing to be said. */
const char *cause_meaning(enum ledger_line line);
/* A command that shows more of what a process (0: none) holds of it; nothing where there is none.
 */
void cause_say_command(enum ledger_line line, uint32_t pid, struct strbuf *b);
