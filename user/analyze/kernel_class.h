/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kernel pages are for, told by the functions that asked for them. Pure.
 * One table: a class is a word for people, the ledger line its pages are in,
 * and the functions that give it away.
 */
#pragma once

#include "model/ledger.h"
#include "model/path.h"

struct kernel_class {
	const char *name;      /* "packet rings", "page tables" … */
	enum ledger_line line; /* LEDGER_KERNEL_PAGES: no counter names this memory */
	enum ledger_line more; /* a second line that it can be in; else the same */
};

/* What the stack of an allocation tells. */
struct kernel_asker {
	const struct kernel_class *class;
	const char *driver; /* kernel module that asked, or through which it was asked; borrowed
			       from a frame; NULL: none */
	size_t frame; /* who asked: the first that is no allocator's own; frames->n: unknown */
};

/*
 * Of a stack, leaf first. Without a better class a stack that goes through a
 * kernel module is of a "driver"; the rest is "other".
 */
struct kernel_asker kernel_asker_of(const struct path_frames *frames);
