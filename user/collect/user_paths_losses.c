/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/user_paths_losses.h"

int user_paths_losses(struct limits *l, const struct user_paths_losses *p)
{
	const struct limit_count own[] = {
		{p->ends[UNWIND_CUT], "stacks_cut",
		 "sampled stacks deeper than what is copied of them: their paths begin in the "
		 "middle (see --stack-size)"},
		{p->ends[UNWIND_DEEP], "stacks_too_deep",
		 "sampled stacks of more frames than are kept: their paths begin in the middle"},
		{p->ends[UNWIND_FAILED], "stacks_broken",
		 "sampled stacks that could not be followed to their start: code without frame "
		 "information (Java's, unless it has -XX:+PreserveFramePointer), or damaged; their "
		 "paths begin in the middle"},
		{p->ends[UNWIND_NO_CODE], "stacks_unknown",
		 "samples of processes that were gone, or could not be read, before their stack "
		 "was looked at: they have no path"},
		{p->files_unreadable, "modules_unreadable",
		 "mapped files that could not be opened or are damaged: no names and no unwinding "
		 "through them"},
		{p->files_over, "modules_lost",
		 "mapped files beyond the number that is kept: frames in them are not named"},
		{p->paths_over, "paths_lost",
		 "samples whose stack found no room in the table of paths: they have no path"},
		{p->failed, "samples_lost", "samples that were not kept: out of memory"},
	};
	int err;

	err = limits__set_counts(l, own, sizeof(own) / sizeof(own[0]));
	if (!err && p->widened)
		err = limits__set(l, "samples_rarer", p->widened,
				  "times the samples were made rarer to keep unwinding within its "
				  "budget (--unwind-budget): the estimates stay unbiased, their "
				  "error is larger");
	return err;
}
