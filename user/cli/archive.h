/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A .tar.gz, written from front to back: POSIX ustar, gzip by zlib. */
#pragma once

#include <stdint.h>
#include <stdio.h>

struct archive;

/* Writes to `out`, which stays the caller's. 0 or -errno. */
int archive__open(FILE *out, uint64_t time_s, struct archive **ret);
/* A regular file 0600 of root's; name shorter than 100 bytes. 0 or -errno. */
int archive__add(struct archive *a, const char *name, const char *data, size_t len);
/* Ends it and frees a. 0 or -errno, also of what failed before. */
int archive__close(struct archive *a);
