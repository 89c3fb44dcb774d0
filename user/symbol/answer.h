/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the child that reads a file (symbol/worker) writes to its parent. The
 * parent trusts none of it: the child may be out of its mind.
 */
#pragma once

#include "base/str.h"
#include "model/path.h"
#include "symbol/note.h"

#define ANSWER_FRAMES_MAX 64
#define ANSWER_STRING_MAX 4095 /* longer ones end with "..." */

/* The frames at the address of this number; none: it has no name. */
void answer_put_frames(struct strbuf *b, uint32_t number, const struct path_frame *v, size_t n);
void answer_put_note(struct strbuf *b, enum note_kind kind, const char *file);

struct answer_reader {
	void *arg;
	/* Strings are valid during the call only. 0 or -errno, which ends the reading. */
	int (*frames)(void *arg, uint32_t number, const struct path_frame *v, size_t n);
	void (*note)(void *arg, enum note_kind kind, const char *file);
};

/* Reads until the end, or until what is no whole answer: 0, or the reader's error. */
int answers_read(const char *data, size_t size, const struct answer_reader *r);
