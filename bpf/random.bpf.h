/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random gaps between samples. */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "memtrace_gap.h"

/* log2(1 + i / 64) in 1/65536; between them a straight line is off by 5e-5 at most. */
static const __u32 log2_table[65] = {
	0,     1466,  2909,  4331,  5732,  7112,  8473,	 9814,	11136, 12440, 13727, 14996, 16248,
	17484, 18704, 19909, 21098, 22272, 23433, 24579, 25711, 26830, 27936, 29029, 30109, 31178,
	32234, 33279, 34312, 35334, 36346, 37346, 38336, 39316, 40286, 41246, 42196, 43137, 44068,
	44990, 45904, 46809, 47705, 48593, 49472, 50344, 51207, 52063, 52911, 53751, 54584, 55410,
	56229, 57040, 57845, 58643, 59434, 60219, 60997, 61769, 62534, 63294, 64047, 64794, 65536,
};

#define LN2 45426 /* in 1/65536 */

/* -ln of a number between 0 and 1 drawn at random, in 1/65536. A global function: verified once,
 * and its 32 ways through are not those of all that follows. */
__noinline __u64 random_exponential(void)
{
	__u32 x = bpf_get_prandom_u32() | 1, high = x, msb = 0, i, log2;
	__u64 rest;

	for (int bits = 16; bits; bits >>= 1)
		if (high >> bits) {
			high >>= bits;
			msb += bits;
		}
	x <<= 31 - msb; /* the mantissa, its leading 1 in bit 31 */
	i = x >> 25 & 63;
	rest = x & ((1u << 25) - 1);
	log2 = (msb << 16) + log2_table[i] + ((log2_table[i + 1] - log2_table[i]) * rest >> 25);
	return ((32ULL << 16) - log2) * LN2 >> 16;
}

static __always_inline void draw_gap(struct mt_gap *gap, __u64 interval)
{
	gap->interval = interval;
	gap->left = interval * random_exponential() >> 16;
}
