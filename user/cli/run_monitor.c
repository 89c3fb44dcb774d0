/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/run.h"
#include "cli/watch.h"

int run_monitor(const struct options *o)
{
	static const struct watch_kind kind = {
		.place = "memory-monitor",
		.logs = &monitor_log_family,
	};

	return watch_run(o, &kind, NULL);
}
