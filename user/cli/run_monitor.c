/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/metrics_file.h"
#include "cli/run.h"
#include "cli/watch.h"

struct monitor {
	struct metrics_file metrics;
};

static int add_limits(void *arg, struct limits *l)
{
	struct monitor *mo = arg;

	return metrics_file__limits(&mo->metrics, l);
}

static void kept(void *arg, const struct moment *m)
{
	struct monitor *mo = arg;

	metrics_file__write(&mo->metrics, m);
}

int run_monitor(const struct options *o)
{
	static const struct watch_kind kind = {
		.place = "memory-monitor",
		.logs = &monitor_log_family,
		.limits = add_limits,
		.kept = kept,
	};
	struct monitor mo = {};

	if (metrics_file__init(&mo.metrics, o))
		return 1;
	return watch_run(o, &kind, &mo);
}
