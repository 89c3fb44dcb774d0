/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in the kernel's text interrupts begin: what is deeper on a stack than
 * one of these functions has nothing to do with the process it hit.
 */
#pragma once

#include <stdbool.h>

#include "base/parse.h"
#include "base/vec.h"
#include "memtrace.h"

struct text_range {
	uint64_t start, end;
};

/* Ordered by address. */
struct text_ranges {
	struct text_range *v;
	size_t n, cap;
};

/* From the text of /proc/kallsyms. 0; -EPERM: addresses are hidden; -ENODATA: none of the
 * functions is in it; -ENOMEM. ret is the caller's (vec_free). */
int irq_entries_parse(struct cursor kallsyms, struct text_ranges *ret);
/* From /proc/kallsyms, whose opener decides what is shown. As above, or -errno. */
int irq_entries_read(int fd, struct text_ranges *ret);

bool text_ranges__have(const struct text_ranges *r, uint64_t addr);

/* How many of a stack's addresses belong to what was going on: up to and with the one where an
 * interrupt began; all of them when none did, or irq is NULL. */
size_t irq_own_frames(const struct text_ranges *irq, const struct mt_kstack *s, bool *ret_irq);
