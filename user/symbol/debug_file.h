/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug information that lies in a file of its own: by build-id, by
 * .gnu_debuglink, and what dwz moved out of several (.gnu_debugaltlink). Only
 * a file that proves that it belongs is used: by its build-id, or where one of
 * the two has none, by the CRC in the link.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "symbol/note.h"

struct debug_place {
	const char *module;	 /* the file's name in its process's eyes */
	int root_fd;		 /* that process's root directory, or -1 */
	const char *const *dirs; /* --debug-dir: NULL-terminated, or NULL */
	dev_t dev;		 /* the file itself, which is not its own debug file */
	ino_t ino;
};

struct debug_wanted {
	const uint8_t *build_id;
	size_t build_id_size; /* 0: none */
	const char *link;     /* file name, or path; NULL: none */
	bool has_crc;
	uint32_t crc;
};

/* Descriptor, or -ENOENT. Files found and refused go to notes. */
int debug_file_find(const struct debug_place *p, const struct debug_wanted *w, struct notes *notes);
