/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holds pages with holes between them and says how many were physically moved
 * while it held them: phase "held", SIGUSR1 after the compaction, "moved".
 */
#include "victim.h"

#define PAGEMAP_PFN ((1ULL << 55) - 1)
#define PAGEMAP_PRESENT (1ULL << 63)

static int pagemap_fd = -1;
static uint64_t spread = 16;

static uint64_t pfn_of(const char *at)
{
	uint64_t entry;

	if (pread(pagemap_fd, &entry, sizeof(entry), (off_t)((uintptr_t)at / page_size() * 8)) != 8)
		die("pagemap: %s", strerror(errno));
	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_PFN : 0;
}

/* One page in `spread` stays. The more holes, the more a compaction can move: it fills those of the
 * upper blocks of a zone with pages of the lower ones. */
static void make_holes(char *mem, size_t bytes)
{
	size_t page = page_size();

	for (size_t at = 0; at < bytes; at += spread * page)
		if (madvise(mem + at + page, (spread - 1) * page, MADV_DONTNEED))
			die("madvise: %s", strerror(errno));
}

static size_t count_moved(const char *mem, const uint64_t *before, size_t n)
{
	size_t moved = 0;

	for (size_t i = 0; i < n; i++)
		moved += pfn_of(mem + i * spread * page_size()) != before[i];
	return moved;
}

int main(int argc, char **argv)
{
	const struct victim_option own[] = {
		{"spread", VICTIM_COUNT, &spread, "keep one page in so many touched (16)"},
		{0},
	};
	struct truth t = {.kind = "anon", .note = "held", .pid = getpid()};
	size_t bytes, n, list;
	uint64_t *before;
	char *mem;

	victim_init(argc, argv, "compact",
		    "Holds pages with holes; after SIGUSR1 counts the moved ones (root).", own);
	if (spread < 2 || spread > 1024)
		victim_usage(2, own);
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap_fd < 0)
		victim_skip("/proc/self/pagemap", errno);
	victim_begin();
	bytes = spread * victim_bytes();
	mem = map_anon(bytes, MADV_NOHUGEPAGE);
	grow_pages(mem, bytes);
	make_holes(mem, bytes);
	n = victim_bytes() / page_size();
	if (!pfn_of(mem))
		victim_skip("no page frame numbers", EPERM);
	/* The list is memory like the rest and counted as held. */
	list = (n * sizeof(*before) + page_size() - 1) & ~(page_size() - 1);
	before = (uint64_t *)map_anon(list, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < n; i++)
		before[i] = pfn_of(mem + i * spread * page_size());
	t.held = victim_bytes() + list;
	t.touched = bytes + list;
	tell(&t, "\"phase\":\"held\"");
	victim_phase();
	t.note = "held, moved about";
	tell(&t, "\"phase\":\"moved\",\"moved_pages\":%zu", count_moved(mem, before, n));
	victim_hold();
	return 0;
}
