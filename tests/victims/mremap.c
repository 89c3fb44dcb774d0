/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growth by mremap, moving the mapping each time. */
#include "victim.h"

#define PARTS 16

/* Reserves the page behind the mapping, so that growing it means moving it. */
static void block_behind(const char *end)
{
	void *at = mmap((void *)(uintptr_t)end, page_size(), PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	/* EEXIST: something is there already, which blocks as well. */
	if (at == MAP_FAILED && errno != EEXIST)
		die("mmap: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	size_t part, size;
	int moves = 0;
	char *mem;

	victim_init(argc, argv, "mremap", "Grows one mapping in 16 parts by mremap, with moves.",
		    NULL);
	victim_begin();
	part = size = victim_bytes() / PARTS;
	mem = mmap(NULL, part, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	madvise(mem, part, MADV_NOHUGEPAGE);
	touch_pages(mem, part);
	for (int i = 1; i < PARTS; i++, size += part) {
		char *old = mem;

		block_behind(mem + size);
		mem = mremap(mem, size, size + part, MREMAP_MAYMOVE);
		if (mem == MAP_FAILED)
			die("mremap: %s", strerror(errno));
		moves += mem != old;
		touch_pages(mem + size, part);
		if (victim.pause_ms)
			victim_wait(victim.pause_ms);
	}
	tell(&(struct truth){.kind = "anon",
			     .note = "held after moves",
			     .pid = getpid(),
			     .held = size,
			     .touched = size},
	     "\"moves\":%d", moves);
	victim_hold();
	return 0;
}
