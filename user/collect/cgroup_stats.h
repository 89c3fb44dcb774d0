/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every cgroup holds, may hold and suffered, and which container it is. */
#pragma once

#include "base/parse.h"
#include "model/system.h"

/* memory.stat of v2, or of v1 (is_v1: the total_ lines, which count what is below as well);
 * fills the values it tells. 0, or -EBADMSG when it tells none. Pure. */
int cgroup_stat_parse(struct cursor text, bool is_v1, struct cgroup_sample *c);
/* memory.events (v2), or memory.oom_control (v1, whose kills are of this cgroup alone). Likewise.
 */
int cgroup_events_parse(struct cursor text, struct cgroup_sample *c);
/* A file of one number or "max"; v1 writes "no limit" as a number beyond any memory.
 * 0 or -EBADMSG. Pure. */
int cgroup_value_parse(struct cursor text, enum cgroup_value value, struct cgroup_sample *c);

/*
 * Every cgroup of the hierarchy that counts memory, up to a bound (said by
 * n_skipped). Cgroups that vanish meanwhile are left out; what a file did not
 * tell is not known; memory.stat of those that hold less than 1 MiB is not read.
 * What `list` held before the call gives the names of the containers known
 * already, so that their files are read once (a later rename is not seen);
 * otherwise it is replaced. 0; -ENOENT: no such hierarchy; -errno.
 */
int cgroup_list__read(int root_fd, struct cgroup_list *list);
