/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/clock.h"

#include <stdio.h>

#include "base/when.h"

#define NOTED_NS 2000000000ll

bool clock_note(char dst[static CLOCK_NOTE_SIZE], const struct clocks *before,
		const struct clocks *now)
{
	char a[HUMAN_DURATION_SIZE], b[HUMAN_DURATION_SIZE];
	int64_t real = (int64_t)(now->real_ns - before->real_ns);
	int64_t boot = (int64_t)(now->boot_ns - before->boot_ns);
	int64_t mono = (int64_t)(now->mono_ns - before->mono_ns);
	int64_t asleep = boot - mono, set = real - boot;
	bool is_set = set >= NOTED_NS || set <= -NOTED_NS;
	int n = 0;

	if (asleep < NOTED_NS && !is_set)
		return false;
	if (asleep >= NOTED_NS)
		n = snprintf(dst, CLOCK_NOTE_SIZE, "the machine was suspended for %s",
			     human_duration(a, (uint64_t)asleep));
	if (is_set)
		snprintf(dst + n, CLOCK_NOTE_SIZE - n, "%sthe clock was set %s by %s",
			 n ? "; " : "", set < 0 ? "back" : "forward",
			 human_duration(b, (uint64_t)(set < 0 ? -set : set)));
	return true;
}
