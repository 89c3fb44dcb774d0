/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's log, and what it says of memory: whom the OOM killer ended. */
#pragma once

#include <stdbool.h>

#include "base/parse.h"
#include "model/limit.h"
#include "model/oom.h"

/*
 * One record of /dev/kmsg ("6,1234,5678,-;text"). 0, or -ENOENT when it is
 * about something else, or not the kernel's own: any root process can write a
 * line there. Pure.
 */
int oom_kill_parse(struct cursor record, struct oom_kill *ret);

struct kmsg {
	int fd; /* -1: not open */
	uint64_t n_lost;
};

/* From now on, or from the oldest record there is. Before privileges are dropped: 0 or -errno. */
int kmsg__open(struct kmsg *k, int root_fd, bool from_start);
/* Calls back for each record since the last call; stops at its error. 0 or that error. */
int kmsg__each(struct kmsg *k, int (*record)(void *arg, struct cursor record), void *arg);
/* 0 or -ENOMEM. */
int kmsg__limits(const struct kmsg *k, struct limits *l);
void kmsg__close(struct kmsg *k);
