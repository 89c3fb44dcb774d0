/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/code_names.h"
#include "cli/last_session.h"
#include "cli/output.h"
#include "cli/run.h"
#include "cli/run_common.h"

static bool is_damaged(const struct history *h)
{
	return limits__find(&h->limits, "session_damaged") ||
	       limits__find(&h->limits, "session_ticks_damaged");
}

int run_report(const struct options *o)
{
	_cleanup_(output__close) struct output out = {};
	_cleanup_(session_content__free) struct session_content c = {};
	char shown[256];
	int err;

	err = output__open(&out, o);
	if (err)
		return 1;
	safe_text(shown, sizeof(shown), o->session, strlen(o->session));
	err = session_read(o, o->session, &c);
	if (!err)
		err = code_names__complete(&c.history->code, o->debug_dirs.v, &c.history->limits);
	if (!err && is_damaged(c.history))
		log_warning("%s is damaged: the report has the %llu samples that can be read",
			    shown, (unsigned long long)c.history->n_ticks);
	if (err)
		log_error_errno(err, "cannot read session %s", shown);
	else if (!c.history->n_ticks)
		log_error("session %s holds no sample", shown);
	else
		return write_report(&out, c.history, c.follow);
	return 1;
}
