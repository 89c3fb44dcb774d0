/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/vma_losses.h"

int vma_losses__tell(const struct vma_losses *v, struct limits *l)
{
	const struct limit_count own[] = {
		{v->counts.lost, "map_calls_lost",
		 "calls of mmap, munmap, mremap and brk that found no room in the buffer: what is "
		 "mapped was looked up again, and what they mapped has no path"},
		{v->counts.missed, "map_calls_missed",
		 "calls of mmap, munmap, mremap and brk of watched processes whose begin was not "
		 "seen"},
		{v->counts.no_stack, "map_stacks_lost",
		 "mappings whose stack found no room in the buffer: they have no path"},
		{v->no_code, "map_stacks_unknown",
		 "mappings of processes that were gone before their stack was looked at: they "
		 "have no path"},
		{v->unseen_bytes, "map_bytes_unseen",
		 "bytes of address space of watched processes, mapped since the start by no call "
		 "that was seen (the kernel's own, shmat, or calls that were lost): in VSZ, and in "
		 "no path"},
		{v->stale_bytes, "map_bytes_stale",
		 "bytes that were taken for mapped until a look showed that they are not (calls "
		 "that were lost, or that no event tells)"},
		{v->widened, "map_samples_rarer",
		 "times the stacks of mmap and brk were taken more rarely to keep unwinding within "
		 "its budget (--unwind-budget): bytes by path are estimates with an error since"},
		{v->pauses, "map_pauses",
		 "times nothing was written down of mmap and brk for a while, as there were too "
		 "many calls for the budget (--unwind-budget): what was mapped then has no path"},
		{v->rests, "map_rests",
		 "times watched processes had mapped nothing for a while, and their calls were "
		 "not traced until their address space had another size: what changed it has no "
		 "path"},
		{v->failed, "map_records_lost",
		 "calls that were not kept: out of memory, or too many ranges"},
		{v->looks_failed, "map_looks_lost",
		 "looks at what is mapped that came to nothing: the process did not hold still, "
		 "or was not to be read"},
	};

	return limits__set_counts(l, own, sizeof(own) / sizeof(own[0]));
}
