/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What names a process. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define COMM_SIZE 16 /* TASK_COMM_LEN: bytes, any value, NUL-padded */

/* (pid, start time) names a process: a reused pid has another start time. */
struct proc_id {
	uint32_t pid;	      /* thread group id */
	uint64_t start_ticks; /* since boot, in USER_HZ (1/100 s), as /proc/PID/stat field 22 */
};

static inline bool proc_id_equal(struct proc_id a, struct proc_id b)
{
	return a.pid == b.pid && a.start_ticks == b.start_ticks;
}
