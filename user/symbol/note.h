/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What went wrong with a file: counted by kind, the first file of each named. */
#pragma once

#include "model/limit.h"
#include "model/strings.h"

enum note_kind {
	NOTE_UNREADABLE, /* could not be opened */
	NOTE_DAMAGED,	 /* no ELF file, or one that contradicts itself */
	NOTE_UNPROVEN,	 /* known by its name only, which may be another file's by now */
	NOTE_CHANGED,	 /* not the file that was mapped, by its build-id */
	NOTE_MISMATCH,	 /* a debug file that belongs to another one */
	NOTE_TOO_LARGE,
	NOTE_LATE,   /* time was over */
	NOTE_DIED,   /* the child that read it was killed by what it met */
	NOTE_HIDDEN, /* addresses of the kernel are all zero */
	NOTE_CUT,    /* a perf map longer than is read */
	NOTE_NO_MAP, /* code of a JIT, and no perf map of it */
	_NOTE_KIND_MAX,
};

/* All zero is empty. */
struct notes {
	uint64_t count[_NOTE_KIND_MAX];
	const char *first[_NOTE_KIND_MAX];
	struct strings strings;
};

/* Told best-effort: out of memory costs the name. */
void notes__add(struct notes *n, enum note_kind kind, const char *file);
void notes__forget(struct notes *n); /* all that happened; strings are kept */
/* Sets an entry for each kind that happened. 0 or -ENOMEM. */
int notes__limits(const struct notes *n, struct limits *l);
void notes__free(struct notes *n);
