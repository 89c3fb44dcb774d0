/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the checks (alert_checks.c) and what remembers them (alert.c). */
#pragma once

#include "analyze/alert.h"
#include "base/hmap.h"

/* What a process had when the monitor began, or once it had settled. */
struct alert_base {
	struct proc_id id;
	uint64_t bytes;
	bool settled;
};

/* A number that may be beyond its threshold. */
struct alert_found {
	struct hmap_key key; /* which of its kind: a process, a hash of a name; zero: the machine */
	struct proc_id id;
	const char *subject; /* raw; NULL: the machine */
	uint64_t value;
	const char *message; /* safe to print */
};

/* Takes it if it is beyond, or still near, the threshold of the kind that looks. */
void alert_candidate(struct alert_finder *f, const struct alert_found *found);
/* What was told of this key was a judgement, and it is taken back: told with this message, once. */
void alert_withdraw(struct alert_finder *f, const struct alert_found *found);
/* Is the value worth a message? */
bool alert_is_near(const struct alert_finder *f, uint64_t value);
uint64_t alert_threshold(const struct alert_finder *f);
/* Memory in use at the first moment that told it; 0, or -ENOENT. */
int alert_first_used(const struct alert_finder *f, uint64_t *ret);
/* Of this process, if it has settled. */
const struct alert_base *alert_process_base(const struct alert_finder *f, struct proc_id id);
/* How many of the kills that the kernel counted since the moment before have not been named, nor
 * will be: one may be named a moment before it is counted. */
uint64_t alert_unnamed_kills(struct alert_finder *f, uint64_t counted, uint64_t named);

/* Was it one at the moment before, too? Each process that ends is a zombie until its parent comes
 * round to it. */
bool alert_is_lasting_zombie(const struct alert_finder *f, struct proc_id id);

uint64_t alert_percent(uint64_t part, uint64_t whole); /* 0 of nothing */
#define ALERT_COMM_SIZE (COMM_SIZE * 4)
char *alert_comm(char dst[static ALERT_COMM_SIZE], const char comm[static COMM_SIZE]);

/* Checks in files of their own. */
bool alert_look_oom_kill(struct alert_finder *f, const struct moment *m);
bool alert_look_cgroup(struct alert_finder *f, const struct moment *m);
bool alert_look_cgroup_psi(struct alert_finder *f, const struct moment *m);

/* Key of a name. */
struct hmap_key alert_name_key(const char *a, uint64_t b);
