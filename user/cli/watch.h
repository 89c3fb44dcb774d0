/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching the whole machine for a while: a sample every interval into the
 * session file and the logs, alerts as they come, and the report at the end.
 * What --monitor and --boot have in common; a kind says where they differ.
 */
#pragma once

#include <signal.h>

#include "analyze/alert.h"
#include "analyze/clock.h"
#include "analyze/leak_sign.h"
#include "base/parse.h"
#include "cli/alert_command.h"
#include "cli/log_set.h"
#include "cli/progress.h"
#include "cli/recording.h"
#include "collect/kmsg.h"
#include "collect/oom.h"

struct watch;

/* Whose own limit of open files is looked up at each moment: those with the most. */
#define WATCH_FD_USES 16

/* Hooks may be NULL; those that return an int return 0 or -errno. */
struct watch_kind {
	const char *place; /* below /var/log */
	const struct log_family *logs;
	bool whole_kernel_log; /* from its oldest record on, not from now on */
	/* Files are open and rights are still whole. */
	int (*open)(void *arg, struct watch *w);
	/* A record of the kernel's log. */
	int (*kernel_record)(void *arg, struct watch *w, struct cursor record);
	/* Completes the moment before it is judged and logged. */
	int (*moment)(void *arg, struct watch *w, struct moment *m);
	/* Adds to the tick that the sampler has just filled; its flags. */
	int (*tick)(void *arg, struct watch *w, unsigned int flags);
	/* The moment has been judged, logged and recorded. */
	void (*kept)(void *arg, const struct moment *m);
	/* Whenever the loop wakes up. */
	void (*turn)(void *arg, uint64_t now_ns);
	int (*limits)(void *arg, struct limits *l);
	/* What the summary log says before the report. */
	void (*summary)(void *arg, struct watch *w, struct strbuf *b);
};

struct watch {
	const struct options *options;
	const struct watch_kind *kind;
	void *arg; /* of the hooks */
	int root_fd;
	struct recording rec;
	struct output_place place;
	struct log_set logs;
	struct alerts *alerts;
	struct alert_list told;
	uint64_t n_raised[_ALERT_KIND_MAX];
	struct leak_signs leaks;
	struct alert_command command;
	struct kmsg kmsg;
	struct oom_source oom;
	struct oom_kills kills;
	struct system_sample system[2];
	struct system_sample first; /* counters of the first moment */
	unsigned int now;	    /* which of the two is this moment's */
	uint64_t n_moments;
	uint64_t page_types_ns; /* when they were read last, by CLOCK_BOOTTIME */
	struct clocks clocks, clocks_before;
	struct fd_use fds[WATCH_FD_USES];
	size_t n_fds;
	uint64_t n_alerts;
	struct progress progress;
	sigset_t signals;
	bool interrupted;
};

/* The whole run; exit status. */
int watch_run(const struct options *o, const struct watch_kind *kind, void *arg);

/* A note into the current tick's events. 0 or -ENOMEM. */
int watch__note(struct watch *w, uint64_t time_ns, const char *text);
