/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What call paths lack, in words. */
#pragma once

#include "collect/unwind.h"
#include "model/limit.h"

struct user_paths_losses {
	const uint64_t *ends;		       /* _UNWIND_END_MAX: how walks ended */
	uint64_t files_unreadable, files_over; /* of modules */
	uint64_t paths_over;		       /* stacks without room */
	uint64_t failed;		       /* samples, for lack of memory */
	uint64_t widened;		       /* times samples were made rarer */
};

/* 0 or -ENOMEM. */
int user_paths_losses(struct limits *l, const struct user_paths_losses *p);
