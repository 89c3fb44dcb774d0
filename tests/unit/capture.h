/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a function writes to a descriptor (stderr: 2), as text. */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct capture {
	int fd, saved, file;
	char text[16384];
};

static inline void capture_start(struct capture *c, int fd)
{
	c->fd = fd;
	c->saved = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	c->file = memfd_create("capture", MFD_CLOEXEC);
	if (c->saved < 0 || c->file < 0 || dup2(c->file, fd) < 0)
		abort();
}

/* Puts the descriptor back and returns what was written, NUL-terminated. */
static inline const char *capture_stop(struct capture *c)
{
	ssize_t n;

	fflush(NULL);
	n = pread(c->file, c->text, sizeof(c->text) - 1, 0);
	c->text[n < 0 ? 0 : n] = '\0';
	if (dup2(c->saved, c->fd) < 0)
		abort();
	close(c->saved);
	close(c->file);
	return c->text;
}
