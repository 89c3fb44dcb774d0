/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened to the clocks between two moments. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct clocks {
	uint64_t real_ns; /* CLOCK_REALTIME */
	uint64_t boot_ns; /* CLOCK_BOOTTIME: goes on while suspended */
	uint64_t mono_ns; /* CLOCK_MONOTONIC: does not */
};

#define CLOCK_NOTE_SIZE 128

/* "the machine was suspended for 3 h", "the clock was set back by 5 min": what a reader of times
 * should know. False: nothing to tell (a second more or less is NTP's). */
bool clock_note(char dst[static CLOCK_NOTE_SIZE], const struct clocks *before,
		const struct clocks *now);
