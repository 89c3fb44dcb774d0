/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Docker's disk use, asked of its daemon over its socket, without waiting: the
 * question goes out, and the answer is taken when it is there. No docker binary
 * is run, and no more than GET /system/df is said.
 */
#pragma once

#include "base/parse.h"
#include "base/str.h"
#include "model/docker_disk.h"

/* The daemon adds up sizes of files on disk for it. */
#define DOCKER_DF_LIMIT_NS 2000000000ull
#define DOCKER_DF_EVERY_NS 300000000000ull

struct docker_df {
	int fd; /* -1: nothing is asked */
	uint64_t deadline_ns, next_ns;
	struct strbuf reply;
};

/* -ENOENT: no socket; -errno. Else 0, and docker_df__poll() is to be called. */
int docker_df__ask(struct docker_df *d, int root_fd, uint64_t now_ns);
/* -EAGAIN: not yet, or nothing was asked. 0 with the answer; -ETIMEDOUT, -EFBIG (an answer of more
 * than some MiB), -EPROTO (no HTTP, or refused), -EBADMSG (no such JSON), -errno. */
int docker_df__poll(struct docker_df *d, uint64_t now_ns, struct docker_disk *ret);
void docker_df__close(struct docker_df *d);

/* A whole HTTP/1 reply; 0, -EPROTO, -EBADMSG, -ENOMEM. Pure. */
int docker_df_parse(struct cursor reply, struct docker_disk *ret);
