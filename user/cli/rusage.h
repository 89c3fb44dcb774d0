/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What getrusage(2) and wait4(2) tell. */
#pragma once

#include <stdint.h>
#include <sys/resource.h>

/* User and system time. */
static inline uint64_t rusage_cpu_ns(const struct rusage *u)
{
	return (uint64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1000000000ull +
	       (uint64_t)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) * 1000ull;
}
