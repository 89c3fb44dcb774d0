/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/state.h"

int state__limits(const struct session_state *s, struct limits *l)
{
	int err = 0;

	if (s->ticks_lost)
		err = limits__set(
			l, "session_ticks_lost", s->ticks_lost,
			"samples that could not be stored at their time (disk full or I/O "
			"error): the session file has what they said last, not the course "
			"in between");
	if (!err && s->ticks_over_bound)
		err = limits__set(
			l, "session_size_bound", s->ticks_over_bound,
			"samples not stored because the session file had reached its size "
			"bound: of these it has the last state only, written at the end");
	if (!err && s->rows_lost)
		err = limits__set(l, "session_rows_lost", s->rows_lost,
				  "values of processes and owners in samples that could not be "
				  "stored, for which there was no room to keep them until later: "
				  "missing from the session file");
	return err;
}
