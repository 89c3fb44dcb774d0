/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs of the system that tell us something (journalctl, systemctl): run
 * without a shell, with nothing on their standard input, their output bounded,
 * killed when they take too long.
 */
#pragma once

#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct helper {
	pid_t pid; /* 0: none runs */
	int out;
	struct strbuf text; /* what it wrote so far; owned */
	size_t max_bytes;
	uint64_t deadline_ns; /* CLOCK_MONOTONIC */
	bool cut;	      /* it wrote more than max_bytes */
	bool hung;	      /* it was killed */
};

/* Starts a program, found by PATH, as any of ours are: in a process group of its own, so that it
 * can be killed with what it started, and with no signal blocked or ignored. 0 or -errno. */
int helper_spawn(char *const argv[], const posix_spawn_file_actions_t *actions, pid_t *ret);

/* Found by PATH. `merge_stderr`: with what it says on standard error, else that is dropped. 0 or
 * -errno. */
int helper__start(struct helper *h, char *const argv[], bool merge_stderr);
/* Does not block. 1 with its wait(2) status when it has ended, 0 while it runs. */
int helper__poll(struct helper *h, uint64_t now_ns, int *ret_status);
/* Kills it if it runs, frees what it wrote. */
void helper__end(struct helper *h);

/* Runs it to its end or for `seconds`; 0 with its status, -ETIMEDOUT, or -errno. Text in h->text.
 */
int helper__run(struct helper *h, char *const argv[], unsigned int seconds, int *ret_status);
