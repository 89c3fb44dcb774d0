/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/alert.h"

const char *const alert_kind_names[] = {
	[ALERT_MEMORY] = "memory",
	[ALERT_SWAP] = "swap",
	[ALERT_ZOMBIES] = "zombies",
	[ALERT_FDS] = "fds",
	[ALERT_PROCESS_FDS] = "process-fds",
	[ALERT_GROWTH] = "growth",
	[ALERT_PROCESS_GROWTH] = "process-growth",
	[ALERT_PSI] = "psi",
	[ALERT_OOM_KILL] = "oom-kill",
	[ALERT_FRAGMENTATION] = "fragmentation",
	[ALERT_CGROUP] = "cgroup",
	[ALERT_COMMIT] = "commit",
};

const char *const alert_unit_names[] = {
	[ALERT_PERCENT] = "percent",
	[ALERT_BYTES] = "bytes",
	[ALERT_COUNT] = "count",
};

const char *const alert_state_names[] = {
	[ALERT_RAISED] = "raised",
	[ALERT_CHANGED] = "changed",
	[ALERT_CLEARED] = "cleared",
};
