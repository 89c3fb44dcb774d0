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
	[ALERT_CGROUP_PSI] = "cgroup-psi",
	[ALERT_LEAK] = "leak",
};

const char *const alert_unit_names[] = {
	[ALERT_PERCENT] = "percent",
	[ALERT_BYTES] = "bytes",
	[ALERT_COUNT] = "count",
};

const char *const alert_severity_names[] = {
	[ALERT_NOTICE] = "notice",
	[ALERT_WARNING] = "warning",
	[ALERT_CRITICAL] = "critical",
};

/* From where on each is critical, in its unit; 0 never. */
static const struct {
	enum alert_severity least;
	uint64_t critical_from;
} severities[] = {
	[ALERT_MEMORY] = {ALERT_WARNING, 95},	     [ALERT_SWAP] = {ALERT_NOTICE, 0},
	[ALERT_ZOMBIES] = {ALERT_NOTICE, 0},	     [ALERT_FDS] = {ALERT_WARNING, 95},
	[ALERT_PROCESS_FDS] = {ALERT_WARNING, 95},   [ALERT_GROWTH] = {ALERT_WARNING, 0},
	[ALERT_PROCESS_GROWTH] = {ALERT_WARNING, 0}, [ALERT_PSI] = {ALERT_WARNING, 40},
	[ALERT_OOM_KILL] = {ALERT_CRITICAL, 0},	     [ALERT_FRAGMENTATION] = {ALERT_NOTICE, 0},
	[ALERT_CGROUP] = {ALERT_WARNING, 98},	     [ALERT_COMMIT] = {ALERT_WARNING, 98},
	[ALERT_CGROUP_PSI] = {ALERT_WARNING, 40},    [ALERT_LEAK] = {ALERT_WARNING, 0},
};
_Static_assert(sizeof(severities) / sizeof(severities[0]) == _ALERT_KIND_MAX, "one a kind");

enum alert_severity alert_severity(const struct alert *a)
{
	uint64_t critical_from = severities[a->kind].critical_from;

	return critical_from && a->value >= critical_from ? ALERT_CRITICAL
							  : severities[a->kind].least;
}

const char *const alert_state_names[] = {
	[ALERT_RAISED] = "raised",
	[ALERT_CHANGED] = "changed",
	[ALERT_CLEARED] = "cleared",
	[ALERT_WITHDRAWN] = "withdrawn",
};

int alert_list__keep(struct alert_list *l, const struct alert_list *from, uint64_t *n_dropped)
{
	vec_for_each(a, from) {
		if (l->n >= ALERTS_KEPT_MAX)
			++*n_dropped;
		else if (vec_push(l, *a))
			return -ENOMEM;
	}
	return 0;
}
