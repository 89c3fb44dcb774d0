/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

#define LINE_SIZE 1024

static enum log_level current_level = LOG_INFO;

static const char *const level_prefix[] = {
	[LOG_ERROR] = "memtrace: ",	   [LOG_WARNING] = "memtrace: warning: ",
	[LOG_INFO] = "memtrace: ",	   [LOG_DEBUG] = "memtrace: debug: ",
	[LOG_TRACE] = "memtrace: trace: ",
};
_Static_assert(sizeof(level_prefix) / sizeof(level_prefix[0]) == _LOG_LEVEL_MAX,
	       "every level has a prefix");

enum log_level log_set_level(enum log_level level)
{
	enum log_level old = current_level;

	current_level = level;
	return old;
}

enum log_level log_get_level(void)
{
	return current_level;
}

/*
 * Verifier logs arrive as one message of many lines, and a process may be
 * called "x\nmemtrace: all is well": continuation lines are marked, so that
 * neither can look like a message of its own.
 */
static void print_lines(enum log_level level, const char *text)
{
	size_t left = strlen(text);
	bool first = true;

	while (left && text[left - 1] == '\n')
		left--;
	flockfile(stderr);
	do {
		const char *newline = memchr(text, '\n', left);
		size_t len = newline ? (size_t)(newline - text) : left;
		char line[LINE_SIZE];

		fprintf(stderr, "%s%s\n", first ? level_prefix[level] : "memtrace: | ",
			safe_text(line, sizeof(line), text, len));
		first = false;
		left -= newline ? len + 1 : len;
		text += newline ? len + 1 : len;
	} while (left);
	funlockfile(stderr);
}

void log_printv(enum log_level level, const char *fmt, va_list args)
{
	int saved_errno = errno;
	_cleanup_free_ char *heap = NULL;
	char stack[LINE_SIZE];
	va_list again;
	int len;

	if (level > current_level)
		return;

	va_copy(again, args);
	len = vsnprintf(stack, sizeof(stack), fmt, args);
	if (len >= (int)sizeof(stack)) {
		heap = malloc((size_t)len + 1);
		if (heap)
			vsnprintf(heap, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	if (len >= 0)
		print_lines(level, heap ? heap : stack);
	errno = saved_errno;
}

void log_print(enum log_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_printv(level, fmt, args);
	va_end(args);
}

int log_print_errno(enum log_level level, int err, const char *fmt, ...)
{
	struct strbuf b = {0};
	va_list args;
	char text[LINE_SIZE];

	if (err < 0)
		err = -err;
	if (level > current_level)
		return -err;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	strbuf_addf(&b, "%s: %s", text, strerror(err));
	log_print(level, "%s", b.failed ? text : b.s);
	strbuf_free(&b);
	return -err;
}
