/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames for people: what a frame is called, and which of a path tell nothing. */
#pragma once

#include "model/path.h"

#define FRAME_NAME_SIZE 4224 /* symbol/ cuts names at 4095 bytes */

/*
 * "malloc"; of a frame without a name "libfoo.so.1+0x1234", so that it can be
 * resolved elsewhere, or "[0x7f001234]". Untrusted text: the sink makes it safe.
 */
char *frame_name(char dst[static FRAME_NAME_SIZE], const struct path_frame *f);

/*
 * What a frame is that tells nothing of the program: "start of the program",
 * "allocator", "Python interpreter"; NULL: it speaks for itself. By the table
 * in frame_text.c. Such frames are dimmed, and never left out.
 */
const char *frame_boilerplate(const struct path_frame *f);
