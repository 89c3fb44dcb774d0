/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

/*
 * The last thing main() does: flushes and closes `out` (stdout), because a
 * report that did not reach its disk is a failure. 0, or -errno after one line
 * on stderr; a reader that went away (-EPIPE) knows it, and gets no line.
 * A stream that was closed from the start and never written to is fine.
 */
int close_stdout(FILE *out);

/*
 * Writing `what` to `out` ended with err, which close_stdout() is not to tell a
 * second time: one line on stderr, but for -EPIPE. Returns err.
 */
int stdout_failed(FILE *out, int err, const char *what);
