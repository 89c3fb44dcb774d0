/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom the OOM killer ended, as two sources tell it, each kill once. */
#pragma once

#include <stdbool.h>

#include "base/vec.h"
#include "model/process.h"

struct oom_kill {
	uint32_t pid; /* of the thread that was chosen, mostly the process's own */
	bool has_comm;
	char comm[COMM_SIZE];
	bool in_log;	/* the kernel's log says that it was killed */
	bool in_cgroup; /* in_log: a cgroup's limit, not the machine's memory */
	bool has_anon;
	uint64_t anon;	    /* bytes resident when it was killed */
	uint64_t time_ns;   /* CLOCK_REALTIME; 0 unknown */
	uint32_t asker_pid; /* who needed memory that was not there; 0 unknown */
	char asker_comm[COMM_SIZE];
};

#define OOM_KILLS_REMEMBERED 64

struct oom_kills {
	struct oom_kill *v; /* since oom_kills__done() */
	size_t n, cap;
	struct {
		uint32_t pid;
		uint64_t mono_ns;
	} told[OOM_KILLS_REMEMBERED]; /* a ring */
	uint32_t n_told;
};

/* Adds a kill, or what it tells of one that is there already; one that was told within the last
 * minute is left out. 0 or -ENOMEM. */
int oom_kills__add(struct oom_kills *l, const struct oom_kill *k, uint64_t mono_ns);
/* Those that are there have been told. */
void oom_kills__done(struct oom_kills *l, uint64_t mono_ns);
void oom_kills__free(struct oom_kills *l);
