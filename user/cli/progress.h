/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line on a terminal that tells how far a run is, drawn over itself and
 * erased at the end. Silent where it would disturb: no terminal, -q, a dumb
 * terminal, a background job, a terminal that is stopped (Ctrl-S), which a
 * write would wait for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress_state {
	uint64_t elapsed_ns;
	uint64_t duration_ns; /* 0: open end, time passed is shown instead of time left */
	uint64_t n_samples;
	uint32_t n_watched; /* processes */
};

/* Fields are private; all zero is a silent one. */
struct progress {
	int fd;
	bool on;
	bool drawn;
	bool ever;
	uint64_t last_ns;
};

/* fd (stderr) stays the caller's. */
void progress__init(struct progress *p, int fd, bool quiet);

/* Draws, at most once in 250 ms of now_ns (any clock that does not go back). */
void progress__update(struct progress *p, const struct progress_state *s, uint64_t now_ns);

/* Erases the line: before a message, and at the end. The next update draws at once. */
void progress__erase(struct progress *p);

/* The text alone, cut to `columns`. Pure. Returns dst. */
#define PROGRESS_SIZE 96
char *progress_text(char dst[static PROGRESS_SIZE], const struct progress_state *s,
		    unsigned int columns);
