/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "analyze/follow.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/code_names.h"
#include "cli/output.h"
#include "cli/run.h"
#include "cli/run_common.h"

struct replayed {
	const struct options *options;
	struct history *history;
	struct follow *follow;
};

static int take_info(void *arg, const struct run_info *info)
{
	struct replayed *r = arg;
	int err = history__new(info, &r->history);

	if (!err)
		r->history->code.since_ns = r->options->since_ns;
	return err ? err : follow__new(&r->follow);
}

static int take_tick(void *arg, const struct tick *t)
{
	struct replayed *r = arg;
	int err = history__add(r->history, t);

	return err ? err : follow__tick(r->follow, t);
}

int run_report(const struct options *o)
{
	_cleanup_(output__close) struct output out = {};
	struct replayed replayed = {.options = o};
	const struct session_reader reader = {take_info, take_tick, &replayed};
	struct history *h;
	char shown[256];
	int err, status = 1;

	err = output__open(&out, o);
	if (err)
		return 1;
	safe_text(shown, sizeof(shown), o->session, strlen(o->session));
	err = session__replay(o->session, &reader);
	h = replayed.history;
	if (err == -EBADMSG && h && h->n_ticks) {
		log_warning("%s is damaged: the report has the %llu samples that can be read",
			    shown, (unsigned long long)h->n_ticks);
		err = limits__find(&h->limits, "session_ticks_damaged")
			      ? 0
			      : limits__set(&h->limits, "session_damaged", 0,
					    "the session file is damaged: samples may be missing");
	}
	if (!err && h)
		err = code_names__complete(&h->code, o->debug_dirs.v, &h->limits);
	if (err)
		log_error_errno(err, "cannot read session %s", shown);
	else if (!h || !h->n_ticks)
		log_error("session %s holds no sample", shown);
	else
		status = write_report(&out, h, replayed.follow);
	history__free(h);
	follow__free(replayed.follow);
	return status;
}
