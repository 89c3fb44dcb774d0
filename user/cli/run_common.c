/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/run_common.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "analyze/report.h"
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

int make_report(const struct options *o, const struct history *h, struct report **ret)
{
	const struct report_options options = {
		.top = o->top,
		.min_bytes = MIN_BYTES,
	};
	int err = report__build(h, &options, ret);

	return err ? log_error_errno(err, "no report") : 0;
}

int write_report(struct output *out, const struct history *h)
{
	struct report *r;
	int err = make_report(out->options, h, &r);

	if (err)
		return 1;
	err = output__write(out, r);
	report__free(r);
	return err ? 1 : 0;
}
