/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the page programs counted as lost, unknown or uncertain, in words. */
#include <errno.h>
#include <string.h>

#include "collect/pages_table.h"
#include "collect/vmstat.h"

static const struct {
	enum mt_count count;
	const char *kind, *meaning;
} limits[] = {
	{MT_C_UNKNOWN_FREE, "pages_freed_unowned",
	 "pages freed that nobody owned: taken before attach, allocated in bulk (which the kernel "
	 "does "
	 "not trace), or moved without an event; they are in nobody's count"},
	{MT_C_STALE, "pages_free_missed",
	 "pages whose free was not seen; found and corrected when they were allocated again"},
	{MT_C_NO_OWNER_ID, "owner_table_full",
	 "times a new process found no free place in the owner table; its pages went to the "
	 "overflow "
	 "bucket"},
	{MT_C_OUT_OF_RANGE, "pages_out_of_range",
	 "page events for memory that was added after the start; not attributed"},
	{MT_C_BAD_ORDER, "blocks_too_large",
	 "page events for blocks larger than the owner table takes; not attributed"},
	{MT_C_MAYBE_ASYNC, "pages_maybe_interrupt",
	 "kernel page allocations that may have come from an interrupt but are counted to the "
	 "process "
	 "that ran"},
	{MT_C_MIGRATE_LOST, "pages_moved_lost",
	 "pages seen moving to a place outside the owner table"},
	{MT_C_SAMPLE_NO_SLOT, "samples_no_room",
	 "samples of user pages that found every place taken by live ones: counted to the process, "
	 "to no path"},
	{MT_C_SAMPLE_RING_FULL, "samples_dropped",
	 "samples of user pages that were not read in time: counted to the process, to no path"},
	{MT_C_KERNEL_NO_SLOT, "kernel_samples_lost",
	 "samples of kernel pages that found no room: their bytes are missing from the kernel's "
	 "call paths"},
	{MT_C_KERNEL_NO_STACK, "kernel_stacks_lost",
	 "samples of kernel pages whose call path was not kept"},
	{MT_C_COLLAPSE_LOST, "pages_collapsed_lost",
	 "pages that became part of a huge page whose process could not be told"},
};

int pages_moved(const struct pages *p, uint64_t *ret)
{
	struct counters vmstat = {};
	int err = vmstat_read(p->root_fd, &vmstat);

	if (!err)
		err = counters__find(&vmstat, "pgmigrate_success", ret);
	vec_free(&vmstat);
	return err;
}

static uint64_t sum(const struct pages *p, enum mt_count which)
{
	uint64_t n = 0;

	for (uint32_t c = 0; c < p->tracer->machine.config.n_cpus; c++)
		n += p->cpu[c].count[which];
	return n;
}

/* The kernel counts every page it moved; those we saw moving kept their owner. */
static int add_moved(const struct pages *p, struct limits *l)
{
	uint64_t now, moved, seen = sum(p, MT_C_MOVED);

	if (!p->has_moved_at_start || pages_moved(p, &now))
		return 0;
	moved = now - p->moved_at_start;
	if (moved <= seen)
		return 0;
	return limits__set(
		l, "pages_moved_unseen", moved - seen,
		"pages moved by compaction or migration without an event (page cache that "
		"nobody maps, mostly), of %llu moved: those that had an owner are missing "
		"from what it holds",
		(unsigned long long)moved);
}

int pages__limits(struct pages *p, struct limits *l)
{
	int err = pages_read_cpus(p);

	for (size_t i = 0; !err && i < sizeof(limits) / sizeof(limits[0]); i++) {
		uint64_t n = sum(p, limits[i].count);

		if (n)
			err = limits__set(l, limits[i].kind, n, "%s", limits[i].meaning);
	}
	if (!err)
		err = add_moved(p, l);
	if (!err && p->n_races)
		err = limits__set(
			l, "owner_reads_raced", p->n_races,
			"readings of the owner table while counts moved; each off by a few "
			"pages until the next");
	if (!err && p->n_folded)
		err = limits__set(
			l, "owners_folded", p->n_folded,
			"exited processes whose remaining pages were put together by name");
	if (!err && p->n_removed_lost)
		err = limits__set(
			l, "exited_owners_lost", p->n_removed_lost,
			"short-lived processes whose page counts were not kept: too many ended "
			"between two samples; nothing of theirs is still held");
	if (!err && p->kpageflags < 0)
		err = limits__set(l, "residue_unsplit", 0,
				  "what exited processes left is not told apart (shared memory, "
				  "inherited): /proc/kpageflags: %s",
				  strerror(-p->kpageflags_err));
	return err;
}
