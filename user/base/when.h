/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as text. */
#pragma once

#include <stdint.h>

/* "2024-05-01T03:12:07.123Z" (RFC 3339, UTC) of CLOCK_REALTIME ns. */
#define UTC_TIME_SIZE 32
char *utc_time(char dst[static UTC_TIME_SIZE], uint64_t time_ns);

/* "4.0 ms", "250 ms", "4.2 s", "20 s", "5 min 20 s", "3 h 5 min", "2 d 4 h". */
#define HUMAN_DURATION_SIZE 32
char *human_duration(char dst[static HUMAN_DURATION_SIZE], uint64_t ns);
