/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line as a table: parsing, --help, shell completion and the man
 * page's option list are derived from or checked against options[] in
 * options.c. To add an option: a member here and a line there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "analyze/slab_tier.h"
#include "model/alert.h"

enum mode {
	MODE_NONE,
	MODE_TRACE,  /* --pid, --comm, --cgroup, COMMAND */
	MODE_REPORT, /* --report SESSION */
	MODE_DOCTOR,
	MODE_JUDGE,   /* --judge FILE|DIR */
	MODE_MONITOR, /* --monitor [MINUTES [SECONDS]] */
	MODE_ANALYZE, /* --analyze [FILE] */
	MODE_BOOT,
	MODE_INSTALL_SERVICE,
	MODE_UNINSTALL_SERVICE,
	MODE_STATUS,
	MODE_BUGREPORT, /* --bugreport [FILE] */
	MODE_HELP,
	MODE_VERSION,
};

/* Defaults of --boot. */
#define DEFAULT_WARM_UP_NS (5 * 60 * 1000000000ull)
#define DEFAULT_KEEP_SESSIONS 10
#define DEFAULT_KEEP_BYTES (512ull << 20)
#define BOOT_DURATION_NS (2 * 3600ull * 1000000000ull)
#define BOOT_INTERVAL_NS (30 * 1000000000ull)

/* Event sources that can be switched off one by one: --no-source NAME. */
struct options {
	enum mode mode;
	VEC(uint32_t) pids;   /* --pid */
	const char *comm;     /* --comm; argv's memory, as all strings here */
	const char *cgroup;   /* --cgroup */
	char **command;	      /* COMMAND ARG…; NULL-terminated, NULL without */
	const char *session;  /* --report */
	const char *analysis; /* --analyze: its report, too, goes here; NULL: the default place */
	const char *judge;    /* --judge: a CSV file, "-", or a directory of them */
	uint64_t duration_ns; /* 0: until the targets are gone or a signal */
	uint64_t interval_ns; /* default 5 s */
	const char *format;   /* default "text" */
	const char *output;   /* -o; NULL: stdout */
	const char *log_dir;  /* --log-dir; NULL: the default place */
	const char *sysroot;  /* default "/" */
	bool no_bpf;
	bool no_follow;
	bool kmemleak_scan;
	bool no_session;		      /* --no-session: write no session file */
	VEC(const char *) disabled_sources;   /* --no-source NAME, repeated */
	uint64_t thresholds[_ALERT_KIND_MAX]; /* of alerts; --threshold, --config, the defaults */
	uint32_t thresholds_given;	      /* bits of those that --threshold set */
	uint64_t warm_up_ns;		      /* --warm-up: after boot, no leak is looked for */
	uint32_t keep_sessions;		      /* --keep-sessions: of boots; 0: all */
	uint64_t keep_bytes;		      /* --keep-size; 0: no bound */
	const char *bugreport; /* --bugreport: the archive; NULL: a name of its own */
	bool no_redact;
	const char *config;	    /* --config */
	const char *on_alert;	    /* --on-alert: a program; NULL none */
	int fail_on;		    /* --fail-on: exit 10 on this enum verdict_kind; 0: not given */
	uint32_t top;		    /* --top-processes N, default 10; 0: all */
	uint64_t sample_bytes;	    /* --sample, default 512 KiB; 0: nothing is sampled */
	uint32_t stack_bytes;	    /* --stack-size, a power of two */
	uint32_t unwind_permille;   /* --unwind-budget, of one CPU */
	enum slab_mode slab;	    /* --slab */
	bool exact;		    /* --exact: every slab object */
	uint64_t older_ns;	    /* --older: of slab objects and heap blocks; 0: all */
	bool heap;		    /* --heap, or one of its options */
	uint64_t heap_sample_bytes; /* --heap-sample; 0: every block */
	uint32_t heap_max;	    /* --heap-max: blocks kept at a time */
	uint32_t top_paths;	    /* --top-paths N, default 10; 0: all */
	uint64_t min_bytes;	    /* --min-bytes: of paths that are shown */
	uint64_t since_ns;	    /* --since: growth of paths over this time; 0: all */
	VEC(const char *) debug_dirs; /* --debug-dir, repeated; NULL-terminated once there is one */
	int verbose;		      /* -v counted up, -q down */
};

/*
 * Fills ret from argv. Returns 0, or -EINVAL after one specific line plus
 * "try --help" on stderr; the caller exits with 2.
 */
int options__parse(int argc, char **argv, struct options *ret);
void options__free(struct options *o);
void options__help(void); /* to stdout */
