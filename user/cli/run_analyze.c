/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every process for some minutes, and a close look at those that stand out. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/inspector.h"
#include "cli/run.h"
#include "cli/watch.h"

static int look(void *arg, struct watch *w, unsigned int flags)
{
	enum inspector_look look = flags & SAMPLE_FIRST	 ? LOOK_FIRST
				   : flags & SAMPLE_LAST ? LOOK_LAST
							 : LOOK_AGAIN;

	int err = inspector__look(arg, look, &w->rec.sampler, w->rec.history, &w->rec.tick);

	sampler__add_self(&w->rec.sampler, &w->rec.tick);
	return err;
}

/* Where the report goes when no FILE is named: below /var/log as the spec of
 * process_analyzer.sh has it; not as root, or with --log-dir, beside the session. */
static int open_default(struct watch *w)
{
	char path[OUTPUT_DIR_SIZE + 64], shown[256];
	bool is_system = geteuid() == 0 && !w->options->log_dir;
	int err = is_system ? 0 : w->place.err;

	snprintf(path, sizeof(path), "%s/%s%s.log", is_system ? "/var/log" : w->place.dir,
		 w->kind->logs->prefix, w->logs.stamp);
	if (!err)
		err = output__copy_to(&w->rec.out, path);
	safe_text(shown, sizeof(shown), path, strlen(path));
	if (err)
		log_warning_errno(err, "no report in %s, only where you see it", shown);
	else
		log_info("report: %s", shown);
	return 0;
}

static int open_report(void *arg, struct watch *w)
{
	struct inspector *x = arg;

	x->root_fd = w->root_fd;
	x->duration_ns = w->options->duration_ns;
	return w->options->analysis ? 0 : open_default(w);
}

int run_analyze(const struct options *o)
{
	static const struct log_family no_logs = {.prefix = "process_analysis_"};
	static const struct watch_kind kind = {
		.place = "memtrace",
		.logs = &no_logs,
		.open = open_report,
		.tick = look,
	};
	struct inspector x = {};
	int status = watch_run(o, &kind, &x);

	inspector__free(&x);
	return status;
}
