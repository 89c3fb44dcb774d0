/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is swapped out and touched again while it is held. Phases
 * "held", "out", "back"; needs swap space, which whoever runs it provides.
 */
#include "victim.h"

/* Noise, so that compressed swap has to store it. */
static void fill_noise(char *mem, size_t bytes)
{
	uint64_t x = 0x9e3779b97f4a7c15;

	for (size_t at = 0; at < bytes; at += sizeof(x)) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		*(volatile uint64_t *)(mem + at) = x;
	}
}

static size_t page_out(char *mem, size_t bytes)
{
	size_t out = 0;

	/* One pass can miss pages that are just being written. */
	for (int i = 0; i < 20 && out < bytes; i++) {
		if (madvise(mem, bytes, MADV_PAGEOUT))
			victim_skip("MADV_PAGEOUT", errno);
		out = smaps_bytes(mem, bytes, "Swap");
		victim_wait(20);
	}
	return out;
}

int main(int argc, char **argv)
{
	struct truth t = {.kind = "anon", .note = "in memory", .pid = getpid()};
	bool stay = false;
	const struct victim_option own[] = {
		{"stay-out", VICTIM_FLAG, &stay, "hold the swapped state, touch nothing again"},
		{0},
	};
	size_t bytes, out;
	char *mem;

	victim_init(argc, argv, "swapmove", "Has its memory swapped out and touches it again.",
		    own);
	victim_begin();
	bytes = victim_bytes();
	mem = map_anon(bytes, MADV_NOHUGEPAGE);
	fill_noise(mem, bytes);
	t.held = t.touched = bytes;
	tell(&t, "\"phase\":\"held\"");
	victim_phase();
	out = page_out(mem, bytes);
	if (!out)
		victim_skip("nothing was swapped out", ENOSPC);
	t.held = bytes - out;
	t.note = "swapped out";
	tell(&t, "\"phase\":\"out\",\"swap_bytes\":%zu", out);
	if (!stay) {
		victim_phase();
		touch_pages(mem, bytes);
		t.held = smaps_bytes(mem, bytes, "Rss");
		t.note = "back in memory";
		tell(&t, "\"phase\":\"back\",\"swap_bytes\":%zu", smaps_bytes(mem, bytes, "Swap"));
	}
	victim_hold();
	return 0;
}
