/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code and call paths of a run, as the ticks told them. Rows of a damaged file that point nowhere
 * are left out and counted. */
#pragma once

#include "base/hmap.h"
#include "model/strings.h"
#include "model/tick.h"

struct path_point {
	uint64_t mono_ns; /* CLOCK_BOOTTIME of the tick */
	uint64_t held;	  /* path_held() */
};

/* Of the whole run; then every other one goes, of all paths at once. */
#define TRACK_MOMENTS 128

/* Moments at which every path's live bytes were written down: the same for all, so that paths
 * which turn out to read the same can be added up. */
struct track_moments {
	uint64_t n_ticks;
	uint64_t stride; /* ticks from one to the next, a power of two; 0: none yet */
	uint32_t n;
	uint64_t at_ns[TRACK_MOMENTS]; /* CLOCK_BOOTTIME */
	uint64_t last_ns;	       /* of the newest tick, written down or not */
};

struct path_history {
	struct path_sample last;
	uint32_t track_kib[TRACK_MOMENTS]; /* held at each moment; 0 before it was first seen */
	struct path_place place;	   /* strings are the history's */
	struct path_ages ages;		   /* the newest told; id 0: none */
	uint64_t taken_ns;		   /* CLOCK_BOOTTIME of the tick that last saw it take */
	uint64_t start;			   /* held at the first tick; 0 when it came later */
	VEC(struct path_point) points;	   /* what is needed to tell the growth over since_ns */
};

struct code_history {
	uint64_t since_ns; /* set before the first tick: keep points for this long; 0: none */
	uint64_t first_ns; /* CLOCK_BOOTTIME of the first tick */
	struct strings strings;
	VEC(struct code_module) modules; /* id - 1; strings are those above */
	VEC(struct code_node) nodes;	 /* id - 1 */
	VEC(struct code_symbol) symbols;
	struct hmap symbol_index;	/* (module, addr, depth) to symbols */
	VEC(struct path_history) paths; /* id - 1 */
	struct track_moments track;
	uint64_t ages_end_ns; /* of the newest ages told; 0: none */
	struct sampling_stats sampling;
	bool sampled; /* sampling is known */
	uint64_t n_strays;
};

/* 0 or -ENOMEM. */
int code_history__add(struct code_history *c, const struct tick *t);
/* A name found later; copied. 0 or -ENOMEM. */
int code_history__add_symbol(struct code_history *c, const struct code_symbol *s);
void code_history__free(struct code_history *c);

/* NULL: no such. */
const struct code_module *code_history__module(const struct code_history *c, uint32_t id);
const struct code_node *code_history__node(const struct code_history *c, uint32_t id);
const struct code_symbol *code_history__symbol(const struct code_history *c,
					       const struct code_node *n, uint32_t depth);
/* Adds how old what the path holds is, as of when ages were last told; nothing when it held little
 * then. */
void code_history__add_ages(const struct code_history *c, const struct path_history *p,
			    uint64_t to[static PATH_EPOCHS]);
/* What the path held since_ns before end_ns, or at the start of the run. */
uint64_t code_history__base(const struct code_history *c, const struct path_history *p,
			    uint64_t end_ns);
