/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the formats made of stacks have in common: names that stand for a whole tower. */
#pragma once

#include "model/report.h"

#define STACK_ROOT_SIZE 64

/* "python3 (1234)", "(no single process)": whose path it is. */
char *stack_owner(char dst[static STACK_ROOT_SIZE], const struct report_path *p);

/* Stands where the rest of a stack that was cut would be. */
#define STACK_CUT "[rest of the stack unknown]"
/* Stands for a path whose frames are not known at all. */
#define STACK_UNKNOWN "[stack unknown]"

/* The frames missing towards the root, as a name; NULL: the path is whole. */
static inline const char *stack_missing(const struct report_path *p)
{
	return !p->frames.n ? STACK_UNKNOWN : !p->complete ? STACK_CUT : NULL;
}
