/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every mode that samples has in common: sampler, session file, history, and their times. */
#pragma once

#include <signal.h>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/sampler.h"
#include "cli/sampler_system.h"
#include "model/history.h"

struct follow;

struct recording {
	const struct options *options;
	struct run_info info;
	struct features features;
	struct output out;
	struct sampler sampler;
	struct sampler_system system;
	bool has_system; /* the caller reads slab caches and cgroups: recording__add_system() */
	struct session *session; /* NULL: none is kept */
	struct history *history;
	struct follow *follow;
	struct limits limits;	 /* from before the first tick, and of those beside the sampler */
	struct facts facts;	 /* for the next tick */
	struct tick tick;	 /* the last one */
	uint64_t house_ns;	 /* when the owner table is to be tidied next */
	bool store_failing;	 /* said once */
	uint64_t n_incomplete;	 /* samples that lack something: no memory */
	uint64_t incomplete_seq; /* the last of them */
};

/* Collectors, facts of the run, history; says when there is no page attribution. out has been
 * opened by the caller. 0, or -errno after one line. */
int recording__open(struct recording *r, int root_fd);
/* The session file in the place for it. 0 or -errno after one line. */
int recording__session(struct recording *r, const struct output_place *place);
/* Gives up what sampling does not need, once the thread of --heap runs, which needs more; kill: a
 * command of another user gets our signals. One warning when it fails. */
void recording__drop_rights(struct recording *r, bool kill);
/* For an error of a sample: of the first one it is returned, since the others are compared with it.
 * Of a later one it is counted and said once, and the run goes on: 0. */
int recording__bear(struct recording *r, int err);
/* The next tick: flags of enum sample_flag. 0, or -errno of the first one. */
int recording__sample(struct recording *r, unsigned int flags);
/* For a caller that reads slab caches and cgroups itself: into the tick that was sampled.
 * 0 or -ENOMEM. */
int recording__add_system(struct recording *r, const struct system_sample *system);
/* The tick into history and session file; a session that fails is a warning. 0, or -ENOMEM of the
 * first one. */
int recording__keep(struct recording *r);
/* Tidies the owner table if it is time to. */
void recording__keep_house(struct recording *r, uint64_t now_ns);
/* Ends the session file, if there is one, and tells where it is. */
void recording__finish(struct recording *r);
void recording__close(struct recording *r);

/* CLOCK_MONOTONIC. */
uint64_t mono_ns(void);
/* Waits until the time or for one of the (blocked) signals: its number, or 0. */
int wait_signal(const sigset_t *signals, uint64_t deadline_ns, siginfo_t *ret);
