/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/line_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

struct lines {
	char *buf; /* LINE_FILE_MAX_LINE */
	size_t n;
	bool rest; /* in a line whose beginning was handed out */
	void (*fn)(void *arg, struct cursor line);
	void *arg;
};

/* Hands out the whole lines of what was read, and keeps the begun one. */
static void hand_out(struct lines *l)
{
	char *p = l->buf, *end = l->buf + l->n, *newline;

	while ((newline = memchr(p, '\n', (size_t)(end - p)))) {
		if (!l->rest)
			l->fn(l->arg, (struct cursor){p, newline});
		l->rest = false;
		p = newline + 1;
	}
	if (p == l->buf && l->n == LINE_FILE_MAX_LINE) {
		if (!l->rest)
			l->fn(l->arg, (struct cursor){p, end});
		l->rest = true;
		p = end;
	}
	l->n = (size_t)(end - p);
	memmove(l->buf, p, l->n);
}

int line_file_read(int fd, uint64_t max_bytes, void (*fn)(void *arg, struct cursor line), void *arg)
{
	_cleanup_free_ char *buf = malloc(LINE_FILE_MAX_LINE);
	struct lines l = {.buf = buf, .fn = fn, .arg = arg};
	uint64_t at = 0;

	if (!buf)
		return -ENOMEM;
	for (;;) {
		ssize_t n = pread(fd, buf + l.n, LINE_FILE_MAX_LINE - l.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		at += (uint64_t)n;
		l.n += (size_t)n;
		hand_out(&l);
		if (at > max_bytes)
			return -EFBIG;
	}
	if (l.n && !l.rest)
		fn(arg, (struct cursor){buf, buf + l.n});
	return 0;
}
