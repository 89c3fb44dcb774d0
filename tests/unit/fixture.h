/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees under tests/fixtures/, and text as a cursor. After cmocka.h. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/parse.h"

static inline int open_root(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fail_msg("%s: %s (unit tests run from the top of the tree)", path, strerror(errno));
	return fd;
}

static inline struct cursor text_of(const char *text)
{
	return (struct cursor){text, text + strlen(text)};
}
