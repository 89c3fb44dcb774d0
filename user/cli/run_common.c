/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/run_common.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "analyze/report.h"
#include "analyze/report_verdict.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/output.h"

/* Processes that moved less than this are noise beside what is looked for. */
#define MIN_BYTES (64 * 1024)

int open_root(const struct options *o)
{
	char shown[256];
	int fd = open(o->sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return log_error_errno(errno, "--sysroot %s",
			       safe_text(shown, sizeof(shown), o->sysroot, strlen(o->sysroot)));
}

void disabled_sources(const struct options *o, bool ret[_SOURCE_MAX])
{
	for (int id = 0; id < _SOURCE_MAX; id++) {
		ret[id] = false;
		vec_for_each(name, &o->disabled_sources)
			ret[id] |= !strcmp(*name, bpf_sources[id].name);
	}
}

int make_report(const struct options *o, const struct history *h, const struct follow *f,
		struct report **ret)
{
	const struct report_options options = {
		.top = o->top,
		.min_bytes = MIN_BYTES,
		.follow = f,
		.top_paths = o->top_paths,
		.path_min_bytes = o->min_bytes,
	};
	int err = report__build(h, &options, ret);

	return err ? log_error_errno(err, "no report") : 0;
}

/* A gate that could not tell must say so: it passes, and that is no proof. */
static void warn_if_too_short(const struct report *r)
{
	vec_for_each(p, &r->processes)
		if (p->flags & PROC_TARGET && p->verdict.known &&
		    strcmp(p->verdict.kind, verdict_kind_names[VERDICT_INSUFFICIENT]) != 0)
			return;
	if (!r->whole_machine)
		log_warning("--fail-on: too short to tell: a verdict takes at least %d samples, "
			    "see --interval",
			    WINDOW_MIN);
}

static int exit_status(const struct options *o, const struct report *r)
{
	if (!o->fail_on)
		return 0;
	if (report_verdict__has(r, (enum verdict_kind)o->fail_on))
		return EXIT_FAIL_ON;
	warn_if_too_short(r);
	return 0;
}

int write_report(struct output *out, const struct history *h, const struct follow *f)
{
	struct report *r;
	int err = make_report(out->options, h, f, &r), status;

	if (err)
		return 1;
	status = exit_status(out->options, r);
	err = output__write(out, r);
	report__free(r);
	/* who reads no more may still be told */
	return err && err != -EPIPE ? 1 : status;
}
