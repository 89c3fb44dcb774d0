/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growth that is given back in full. */
#include "victim.h"

int main(int argc, char **argv)
{
	const char *how = "munmap";
	uint64_t times = 1;
	const struct victim_option own[] = {
		{"how", VICTIM_TEXT, &how, "munmap, dontneed or thp (huge pages, munmap) (munmap)"},
		{"times", VICTIM_COUNT, &times, "grow and free so often, with a phase between (1)"},
		{0},
	};
	bool dontneed, thp;
	char *mem = NULL;
	size_t bytes;

	victim_init(argc, argv, "freed", "Grows, waits a phase, frees everything, holds.", own);
	dontneed = !strcmp(how, "dontneed");
	thp = !strcmp(how, "thp");
	if (!dontneed && !thp && strcmp(how, "munmap"))
		victim_usage(2, own);
	victim_begin();
	bytes = victim_bytes();
	for (uint64_t i = 0; i < times; i++) {
		if (!mem || !dontneed)
			mem = map_anon(bytes, thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
		grow_pages(mem, bytes);
		victim_phase();
		if (dontneed ? madvise(mem, bytes, MADV_DONTNEED) : munmap(mem, bytes))
			die("%s: %s", how, strerror(errno));
	}
	tell(&(struct truth){.kind = "anon",
			     .note = "all freed",
			     .pid = getpid(),
			     .touched = times * bytes},
	     "\"how\":\"%s\"", how);
	victim_hold();
	return 0;
}
