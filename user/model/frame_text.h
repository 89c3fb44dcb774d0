/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames for people: what a frame is called, and which of a path can be passed over. */
#pragma once

#include "model/path.h"

#define FRAME_NAME_SIZE 4224 /* symbol/ cuts names at 4095 bytes */

/*
 * "malloc"; of a frame without a name "libfoo.so.1+0x1234", so that it can be
 * resolved elsewhere, or "[0x7f001234]". Untrusted text: the sink makes it safe.
 */
char *frame_name(char dst[static FRAME_NAME_SIZE], const struct path_frame *f);

/* Neighbouring frames of one path. */
struct frame_run {
	size_t first, n;
	const char *what; /* "start of the program", "Python interpreter": nothing that tells
			     one path from another; NULL: the frame speaks for itself */
};

/*
 * Divides n frames (leaf first) into runs, in order; ret has room for n. How
 * many. By the table in frame_text.c: the start of programs and threads, the
 * insides of allocators, the loops of interpreters.
 */
size_t frame_runs(const struct path_frame *v, size_t n, struct frame_run *ret);
