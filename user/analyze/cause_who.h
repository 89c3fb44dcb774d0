/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process within a cause, in words. */
#pragma once

#include <stdint.h>

#include "base/str.h"
#include "model/process.h"

/* "tcpdump (pid 812)", "pid 812", "memtrace (pid 7), this tool itself". comm need not end in a NUL.
 */
void cause_say_process(const char comm[static COMM_SIZE], uint32_t pid, uint32_t own_pid,
		       struct strbuf *b);
