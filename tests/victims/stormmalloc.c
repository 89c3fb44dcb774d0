/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A malloc storm: each operation frees one of many blocks and allocates another, 16 B to 64 KiB. */
#include "victim.h"

#define BLOCKS 4096

/* Small ones mostly: each power of two as often as the next. */
static size_t draw_size(uint64_t *state)
{
	uint64_t r = victim_random(state);

	return (size_t)16 << r % 12 | (r >> 16 & 15);
}

int main(int argc, char **argv)
{
	uint64_t ops = 0, limit_ms = 10000, done = 0, until, state = 88172645463325252ULL;
	const struct victim_option own[] = {
		{"ops", VICTIM_COUNT, &ops, "operations (0: until --seconds)"},
		{"seconds", VICTIM_SECONDS, &limit_ms, "how long at most (10)"},
		{0},
	};
	static char *block[BLOCKS];

	victim_init(argc, argv, "stormmalloc", "Allocates and frees over and over.", own);
	victim_begin();
	until = now_ms() + limit_ms;
	while ((!ops || done < ops) && ((done & 0xffff) || now_ms() < until)) {
		uint64_t i = victim_random(&state) % BLOCKS;

		free(block[i]);
		block[i] = malloc(draw_size(&state));
		if (!block[i])
			die("malloc: %s", strerror(errno));
		block[i][0] = 1;
		done++;
	}
	tell(&(struct truth){.kind = "none", .note = "storm over", .pid = getpid()},
	     "\"ops\":%llu,\"cpu_ns\":%llu", (unsigned long long)done,
	     (unsigned long long)cpu_ns());
	return 0;
}
