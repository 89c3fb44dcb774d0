/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 4 KiB pages that become huge while they are held: by khugepaged, or by
 * MADV_COLLAPSE in the process's own name. Phases "small" and "huge".
 */
#include "victim.h"

static size_t wait_for_khugepaged(const char *mem, size_t bytes, uint64_t timeout_ms)
{
	uint64_t until = now_ms() + timeout_ms;
	size_t huge;

	do {
		victim_wait(50);
		huge = smaps_bytes(mem, bytes, "AnonHugePages");
	} while (huge < bytes && now_ms() < until);
	return huge;
}

int main(int argc, char **argv)
{
	bool collapse = false;
	uint64_t timeout_ms = 15000;
	const struct victim_option own[] = {
		{"collapse", VICTIM_FLAG, &collapse, "MADV_COLLAPSE instead of khugepaged"},
		{"timeout", VICTIM_SECONDS, &timeout_ms, "how long to wait for khugepaged (15)"},
		{0},
	};
	struct truth t = {.kind = "anon", .note = "small pages", .pid = getpid()};
	size_t bytes, huge;
	char *mem;

	victim_init(argc, argv, "khuge", "Touches 4 KiB pages, then has them made huge.", own);
	victim_begin();
	bytes = (victim_bytes() + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1);
	mem = map_anon(bytes, MADV_NOHUGEPAGE);
	grow_pages(mem, bytes);
	t.held = t.touched = bytes;
	tell(&t, "\"phase\":\"small\"");
	victim_phase();
	if (madvise(mem, bytes, MADV_HUGEPAGE))
		victim_skip("MADV_HUGEPAGE", errno);
	if (collapse) {
		if (madvise(mem, bytes, MADV_COLLAPSE))
			victim_skip("MADV_COLLAPSE", errno);
		huge = smaps_bytes(mem, bytes, "AnonHugePages");
	} else {
		huge = wait_for_khugepaged(mem, bytes, timeout_ms);
	}
	t.note = "huge pages";
	tell(&t, "\"phase\":\"huge\",\"huge_bytes\":%zu", huge);
	victim_hold();
	return 0;
}
