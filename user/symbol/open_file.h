/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Opens a file for reading by a name that somebody else chose (a process in a
 * container, a damaged ELF file). With root_fd >= 0 the name, its links and
 * its ".." stay inside that directory. Whatever is no regular file is not
 * opened at all: opening a device can do something. Descriptor, -EINVAL (no
 * regular file) or -errno.
 */
int open_regular(int root_fd, const char *path);
/* The same, and no component may be a link: -ELOOP. */
int open_regular_no_links(int root_fd, const char *path);
