/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When calls of mmap and brk are worth tracing: one traced system call makes all
 * of the machine dearer, so who is watched and maps nothing for a while is left
 * alone until its address space has another size. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Nothing for so long: they rest. A program that maps something every now and then is not to be
 * missed each time, so after a rest the next takes CALL_TIER_LONGER times what this one took. */
#define CALL_TIER_QUIET_NS (60ull * 1000000000ull)
#define CALL_TIER_QUIET_MAX_NS (3600ull * 1000000000ull)
#define CALL_TIER_LONGER 4

/* Zeroed at first. */
struct call_tier {
	bool resting;
	uint64_t quiet_ns; /* that a rest takes now; 0: nothing was seen yet */
	uint64_t last_ns;  /* when something was mapped, or a rest ended, last */
	uint64_t size;	   /* when the rest began */
};

/*
 * size: address space of all who are watched, bytes; last_ns: when the last call,
 * fork or exec of them was seen, 0: never; now_ns: on the same clock. Whether calls
 * should be traced now.
 */
bool call_tier__step(struct call_tier *t, uint64_t size, uint64_t last_ns, uint64_t now_ns);
