/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

struct session_filter {
	/* Changes a string of at most size bytes, terminated unless it fills them, in place. */
	void (*text)(void *arg, char *text, size_t size);
	void *arg;
};

/*
 * Writes the session at `path` anew as dirfd/name, every string in it through
 * the filter: nothing of the old ones is left in the file. A damaged session
 * gives what can be read. 0 or -errno.
 */
int session__copy(const char *path, int dirfd, const char *name, const struct session_filter *f);
