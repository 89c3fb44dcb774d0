/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One function that keeps what it takes, a part of --mib in each of --steps, and
 * one that takes four times as much and keeps only the newest few: by what they
 * took the second is the larger, by what grows the first alone.
 */
#include "victim.h"

#define CHURN 4	     /* times what is kept a step */
#define CHURN_RING 8 /* steps until it is given back */

__attribute__((noinline, noclone)) static void keep_more(size_t bytes)
{
	char *p = map_anon(bytes, MADV_NOHUGEPAGE);

	memset(p, 'k', bytes);
	__asm__ volatile("" : : : "memory");
}

__attribute__((noinline, noclone)) static void take_and_drop(size_t bytes, size_t step)
{
	static char *ring[CHURN_RING];
	char **slot = &ring[step % CHURN_RING];

	if (*slot)
		munmap(*slot, bytes);
	*slot = map_anon(bytes, MADV_NOHUGEPAGE);
	memset(*slot, 'c', bytes);
	__asm__ volatile("" : : : "memory");
}

int main(int argc, char **argv)
{
	size_t held, part;

	victim_init(argc, argv, "pathleak", "Leaks in one function, churns in another.", NULL);
	held = victim_bytes();
	part = held / victim.steps / page_size() * page_size();
	victim_begin();
	for (size_t step = 0; step < victim.steps; step++) {
		keep_more(part);
		take_and_drop(CHURN * part, step);
		usleep((useconds_t)(victim.pause_ms * 1000));
	}
	tell(&(struct truth){.kind = "anon",
			     .note = "held",
			     .pid = getpid(),
			     .held = part * victim.steps,
			     .touched = part * victim.steps * (1 + CHURN)},
	     NULL);
	victim_hold();
	return 0;
}
