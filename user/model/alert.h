/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Something a person should look at: raised once, told again when it changes, cleared or withdrawn.
 */
#pragma once

#include "base/vec.h"
#include "model/process.h"

/* To add one: here, its name in alert.c, and a line with its check in analyze/alert_checks.c. */
enum alert_kind {
	ALERT_MEMORY,
	ALERT_SWAP,
	ALERT_ZOMBIES,
	ALERT_FDS,
	ALERT_PROCESS_FDS,
	ALERT_GROWTH,
	ALERT_PROCESS_GROWTH,
	ALERT_PSI,
	ALERT_OOM_KILL,
	ALERT_FRAGMENTATION,
	ALERT_CGROUP,
	ALERT_COMMIT,
	ALERT_CGROUP_PSI,
	ALERT_LEAK,
	_ALERT_KIND_MAX,
};

/* The words of --threshold: "memory" "swap" "zombies" … */
extern const char *const alert_kind_names[_ALERT_KIND_MAX];

enum alert_unit {
	ALERT_PERCENT,
	ALERT_BYTES,
	ALERT_COUNT,
	_ALERT_UNIT_MAX,
};

extern const char *const alert_unit_names[_ALERT_UNIT_MAX]; /* "percent" "bytes" "count" */

enum alert_state {
	ALERT_RAISED,
	ALERT_CHANGED,	 /* worse by more than its step since it was last told */
	ALERT_CLEARED,	 /* was so, and is over */
	ALERT_WITHDRAWN, /* a judgement that more time did not bear out */
	_ALERT_STATE_MAX,
};

/* "raised" "changed" "cleared" "withdrawn" */
extern const char *const alert_state_names[_ALERT_STATE_MAX];

enum alert_severity {
	ALERT_NOTICE,
	ALERT_WARNING,
	ALERT_CRITICAL, /* something is about to fail, or has */
	_ALERT_SEVERITY_MAX,
};

extern const char *const alert_severity_names[_ALERT_SEVERITY_MAX]; /* "notice" … */

struct alert {
	uint64_t time_ns; /* CLOCK_REALTIME */
	enum alert_kind kind;
	enum alert_state state;
	enum alert_unit unit;
	struct proc_id id;	   /* zero when about no process */
	char subject[256];	   /* raw: a comm, a cgroup's path, a zone; "" for the machine */
	uint64_t value, threshold; /* in its unit; value is the last known one when cleared */
	char message[256];	   /* a sentence, safe to print */
};

/* The last that is told of it. */
static inline bool alert_is_over(const struct alert *a)
{
	return a->state == ALERT_CLEARED || a->state == ALERT_WITHDRAWN;
}

/* By its kind, and by how far its value is. Pure. */
enum alert_severity alert_severity(const struct alert *a);

struct alert_list {
	struct alert *v;
	size_t n, cap;
};

#define ALERTS_KEPT_MAX 4096
/* Appends copies up to that many; the rest is added to *n_dropped. 0 or -ENOMEM. */
int alert_list__keep(struct alert_list *l, const struct alert_list *from, uint64_t *n_dropped);
