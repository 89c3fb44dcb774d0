/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the heap's paths lack, in words. */
#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "collect/heap_part.h"

static void sum_counts(const struct heap *h, uint64_t ret[static _MT_HEAP_C_MAX])
{
	_cleanup_free_ struct mt_heap_cpu *cpu = calloc(h->n_cpus, sizeof(*cpu));
	uint32_t zero = 0;

	if (!cpu || bpf_map_lookup_elem(h->cpu_fd, &zero, cpu))
		return;
	for (uint32_t i = 0; i < h->n_cpus; i++)
		for (int c = 0; c < _MT_HEAP_C_MAX; c++)
			ret[c] += cpu[i].count[c];
}

int heap__limits(struct heap *h, struct limits *l)
{
	const struct heap_counts *own = &h->counts;
	uint64_t c[_MT_HEAP_C_MAX] = {};
	struct bpf_prog_stats stats;

	sum_counts(h, c);
	bpf_prog_stats(h->obj, &stats);
	const struct limit_count all[] = {
		{own->running, "heap_before_attach",
		 "processes that ran already: what they had allocated before is unknown to --heap"},
		{own->late, "heap_found_late",
		 "allocators that a watched process had loaded already when they were found: what "
		 "it allocated with them before is unknown to --heap"},
		{own->no_allocator, "heap_no_allocator",
		 "watched processes without an allocation function that could be found: no "
		 "symbols, a damaged file, or an allocator of their own; nothing is known of "
		 "their heap"},
		{own->probes_failed, "heap_probes_lost",
		 "allocation functions that could not be probed: their blocks are missing"},
		{own->dear, "heap_dear_probes",
		 "allocation functions that begin with no instruction the kernel can emulate: "
		 "probes on them cost several times as much"},
		{c[MT_HEAP_C_FULL], "heap_blocks_lost",
		 "heap blocks that found no room in the table (--heap-max): they are missing"},
		{c[MT_HEAP_C_FULL_BYTES], "heap_bytes_lost", "bytes of the heap blocks lost"},
		{c[MT_HEAP_C_STALE] + own->stale, "heap_frees_missed",
		 "addresses that were handed out again though their free was not seen: the block "
		 "before was counted until then"},
		{c[MT_HEAP_C_MISGUESSED], "heap_misguessed",
		 "threads some of whose blocks (at most 63) may have been counted at a wrong "
		 "address: their allocator did not return what stood in its list"},
		{c[MT_HEAP_C_NO_PATH] + own->unknown, "heap_paths_lost",
		 "heap blocks whose stack could not be looked at in time: they are counted, by a "
		 "path that ends early or is missing"},
		{c[MT_HEAP_C_NO_ROOM] + own->rules_full, "heap_paths_full",
		 "heap blocks whose call path found no room in the tables: they are counted, "
		 "without a path"},
		{own->broken, "heap_paths_broken",
		 "heap call paths that could not be followed to their start: deep, or through code "
		 "without frame information; they begin in the middle"},
		{c[MT_HEAP_C_NO_THREAD], "heap_calls_lost",
		 "allocations that were not seen: too many threads at once"},
		{c[MT_HEAP_C_NO_PROC], "heap_processes_lost",
		 "children that were not watched: too many processes at once"},
		{c[MT_HEAP_C_NO_EVENT], "heap_events_lost",
		 "forks, execs and exits that were not told: their processes were found later"},
		{own->unread, "heap_unread",
		 "times the table of heap blocks could not be read whole: the sums before stood"},
		{own->failed, "heap_failed", "steps of --heap that failed: out of memory"},
		{stats.missed, "heap_events_missed",
		 "allocations and frees that came while our program ran on the same CPU"},
	};
	return limits__set_counts(l, all, sizeof(all) / sizeof(all[0]));
}
