/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kernel pages are for, told by the functions that asked for them. Pure.
 * One table: a class is a word for people, the meminfo line its pages are
 * counted in (if any), and the functions that give it away.
 */
#pragma once

#include "model/path.h"

struct kernel_class {
	const char *name;	  /* "packet rings", "page tables" … */
	const char *meminfo_line; /* NULL: no line of meminfo names this memory */
};

/*
 * Class of a stack, leaf first. Without a better one a stack that goes through
 * a kernel module has the module's name in ret_module (borrowed from the
 * frame, else NULL) and the class "driver"; the rest is "other".
 */
const struct kernel_class *kernel_class_of(const struct path_frames *frames,
					   const char **ret_module);
