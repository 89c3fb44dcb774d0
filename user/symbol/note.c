/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/note.h"

#include <string.h>

#include "base/str.h"

static const struct {
	const char *limit;
	const char *meaning; /* with the first file for %s */
} kinds[] = {
	[NOTE_UNREADABLE] = {"symbols_unreadable",
			     "files that could not be opened for their symbols: their frames have "
			     "module and offset only; the first: %s"},
	[NOTE_DAMAGED] = {"symbols_damaged",
			  "files that are no sound ELF files: their frames have module and offset "
			  "only; the first: %s"},
	[NOTE_UNPROVEN] = {"symbols_unproven",
			   "files without a build-id of which only the name is known: another file "
			   "may have it by now, so it is not used; the first: %s"},
	[NOTE_CHANGED] = {"symbols_file_changed",
			  "files that are not the ones that ran (another build-id), not used; the "
			  "first: %s"},
	[NOTE_MISMATCH] = {"symbols_debug_mismatch",
			   "debug files that belong to another build, not used; the first: %s"},
	[NOTE_TOO_LARGE] = {"symbols_too_large",
			    "files too large to be read for their symbols; the first: %s"},
	[NOTE_LATE] = {"symbols_time_over",
		       "files that took too long to look into: lines, inlined functions or names "
		       "are missing; the first: %s"},
	[NOTE_DIED] = {"symbols_reader_died",
		       "files whose reader ended by a signal (a damaged or hostile file, or out of "
		       "memory): lines or names are missing; the first: %s"},
	[NOTE_HIDDEN] = {"symbols_kernel_hidden",
			 "the kernel hides its addresses (kernel.kptr_restrict): its functions "
			 "have no names (%s)"},
	[NOTE_CUT] = {"symbols_perf_map_cut",
		      "perf maps that are longer than is read: newer code may have no or an old "
		      "name; the first: %s"},
	[NOTE_NO_MAP] =
		{"symbols_no_perf_map",
		 "processes with code that a JIT made and no /tmp/perf-PID.map that can be "
		 "trusted: it has no names. Java 17 on: jcmd PID Compiler.perfmap meanwhile, "
		 "-XX:+PreserveFramePointer for whole stacks; node: --perf-basic-prof"},
};

_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == _NOTE_KIND_MAX, "a line for each kind");

void notes__add(struct notes *n, enum note_kind kind, const char *file)
{
	if (!n->count[kind]++)
		n->first[kind] = strings__keep(&n->strings, file);
}

void notes__forget(struct notes *n)
{
	memset(n->count, 0, sizeof(n->count));
}

int notes__limits(const struct notes *n, struct limits *l)
{
	for (int i = 0; i < _NOTE_KIND_MAX; i++) {
		char shown[96];
		int err;

		if (!n->count[i])
			continue;
		safe_text(shown, sizeof(shown), n->first[i] ? n->first[i] : "?", 4096);
		/* The formats are the table's own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		err = limits__set(l, kinds[i].limit, n->count[i], kinds[i].meaning, shown);
#pragma GCC diagnostic pop
		if (err)
			return err;
	}
	return 0;
}

void notes__free(struct notes *n)
{
	strings__free(&n->strings);
	*n = (struct notes){0};
}
