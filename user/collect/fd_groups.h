/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open files of a process that are alike, and which of them are new since an earlier look. */
#pragma once

#include "collect/net_sockets.h"
#include "model/analysis.h"

struct fd_group_list {
	struct fd_group *v;
	size_t n, cap;
};

/* What was open at an earlier look: a hash of each (number, target), ascending. */
struct fd_mark {
	struct proc_id id;
	uint64_t *v;
	size_t n, cap;
};

/* 0 or -ENOMEM. */
int fd_mark__set(struct fd_mark *m, struct proc_id id, const struct open_files *files);
void fd_mark__free(struct fd_mark *m);

/*
 * Appends the `max` largest groups, those with most new files first where a
 * mark tells (mark may be NULL), else those with most files. Files are grouped
 * by path, those with a path of their own by directory ("/var/spool/q/…"),
 * sockets by what `sockets` says of them. 0 or -ENOMEM. Pure.
 */
int fd_groups__add(struct fd_group_list *l, size_t max, struct proc_id id,
		   const struct open_files *files, const struct net_sockets *sockets,
		   const struct fd_mark *mark);
