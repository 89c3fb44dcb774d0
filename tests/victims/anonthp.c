/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Anonymous growth by transparent huge pages. */
#include "victim.h"

int main(int argc, char **argv)
{
	size_t bytes;
	char *mem;

	victim_init(argc, argv, "anonthp",
		    "Grows by anonymous 2 MiB pages and holds them; says how many were huge.",
		    NULL);
	victim_begin();
	bytes = (victim_bytes() + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1);
	mem = map_anon(bytes, MADV_HUGEPAGE);
	grow_pages(mem, bytes);
	tell(&(struct truth){.kind = "anon",
			     .note = "held",
			     .pid = getpid(),
			     .held = bytes,
			     .touched = bytes},
	     "\"huge_bytes\":%zu,\"rss_anon_bytes\":%zu", smaps_bytes(mem, bytes, "AnonHugePages"),
	     status_bytes(getpid(), "RssAnon"));
	victim_hold();
	return 0;
}
