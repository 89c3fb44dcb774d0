/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Anonymous growth by 4 KiB pages. */
#include "victim.h"

/* Frees every other page, so that what is left has holes between. */
static void drop_odd_pages(char *start, size_t bytes)
{
	size_t page = page_size();

	for (size_t at = page; at < bytes; at += 2 * page)
		if (madvise(start + at, page, MADV_DONTNEED))
			die("madvise: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	bool scatter = false;
	const struct victim_option own[] = {
		{"scatter", VICTIM_FLAG, &scatter, "touch twice as much and free every other page"},
		{0},
	};
	size_t held, touched;
	char *mem;

	victim_init(argc, argv, "anon4k", "Grows by anonymous 4 KiB pages and holds them.", own);
	victim_begin();
	held = victim_bytes();
	touched = scatter ? 2 * held : held;
	mem = map_anon(touched, MADV_NOHUGEPAGE);
	grow_pages(mem, touched);
	if (scatter)
		drop_odd_pages(mem, touched);
	tell(&(struct truth){.kind = "anon",
			     .note = scatter ? "held with holes" : "held",
			     .pid = getpid(),
			     .held = held,
			     .touched = touched},
	     "\"rss_anon_bytes\":%zu", status_bytes(getpid(), "RssAnon"));
	victim_hold();
	return 0;
}
