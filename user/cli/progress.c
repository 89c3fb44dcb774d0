/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/progress.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define NS_PER_S 1000000000ull
#define REDRAW_NS 250000000ull
#define DEFAULT_COLUMNS 80

/* Carriage return, then "erase to the end of the line" (ECMA-48 EL). */
#define ERASE "\r\033[K"

static size_t format_time(char *dst, size_t size, uint64_t s)
{
	unsigned int h = (unsigned int)(s / 3600), m = s / 60 % 60, sec = s % 60;

	if (h)
		return (size_t)snprintf(dst, size, "%u:%02u:%02u", h, m, sec);
	return (size_t)snprintf(dst, size, "%u:%02u", m, sec);
}

char *progress_text(char dst[static PROGRESS_SIZE], const struct progress_state *s,
		    unsigned int columns)
{
	char time[32];
	uint64_t shown = s->elapsed_ns / NS_PER_S;

	/* Rounded up, so that 0:00 means the end. */
	if (s->duration_ns > s->elapsed_ns)
		shown = (s->duration_ns - s->elapsed_ns + NS_PER_S - 1) / NS_PER_S;
	else if (s->duration_ns)
		shown = 0;
	format_time(time, sizeof(time), shown);
	snprintf(dst, PROGRESS_SIZE, "memtrace: %s %s, %llu sample%s, %u process%s watched", time,
		 s->duration_ns ? "left" : "so far", (unsigned long long)s->n_samples,
		 s->n_samples == 1 ? "" : "s", s->n_watched, s->n_watched == 1 ? "" : "es");
	if (columns < PROGRESS_SIZE)
		dst[columns] = '\0';
	return dst;
}

void progress__init(struct progress *p, int fd, bool quiet)
{
	const char *term = getenv("TERM");

	*p = (struct progress){
		.fd = fd,
		.on = !quiet && isatty(fd) && term && strcmp(term, "dumb"),
	};
}

/* Whether a write would neither wait nor appear in the middle of another job's output. */
static bool may_write(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLOUT};
	pid_t foreground = tcgetpgrp(fd);

	/* -1: not our controlling terminal, nothing to be in the background of */
	if (foreground != -1 && foreground != getpgrp())
		return false;
	return poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLOUT);
}

static unsigned int terminal_columns(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col)
		return DEFAULT_COLUMNS;
	return size.ws_col;
}

/* A terminal that went away is not a failure of the run: no more progress. */
static bool put(struct progress *p, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;

	do {
		n = write(p->fd, text, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN)
		p->on = false;
	return n > 0;
}

void progress__update(struct progress *p, const struct progress_state *s, uint64_t now_ns)
{
	char text[PROGRESS_SIZE], line[PROGRESS_SIZE + sizeof(ERASE)];

	if (!p->on || (p->ever && now_ns - p->last_ns < REDRAW_NS) || !may_write(p->fd))
		return;
	/* The last column stays free: some terminals wrap when it is written to. */
	progress_text(text, s, terminal_columns(p->fd) - 1);
	snprintf(line, sizeof(line), ERASE "%s", text);
	p->drawn = put(p, line) || p->drawn;
	p->ever = true;
	p->last_ns = now_ns;
}

void progress__erase(struct progress *p)
{
	p->ever = false;
	if (!p->drawn || !p->on || !may_write(p->fd))
		return;
	put(p, ERASE);
	p->drawn = false;
}
