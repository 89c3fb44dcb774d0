/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line a message, on stderr. Library code logs at debug level at most and
 * returns -errno; whoever decides what a failure means logs it, once.
 */
#pragma once

#include <stdarg.h>

enum log_level {
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG,
	LOG_TRACE, /* libbpf's debug output */
	_LOG_LEVEL_MAX,
};

/* Returns the level that was in force, so that a block can silence and restore. */
enum log_level log_set_level(enum log_level level);
enum log_level log_get_level(void);

void log_printv(enum log_level level, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));
void log_print(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends strerror(|err|) and returns -|err|: an error path is one expression. */
int log_print_errno(enum log_level level, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(...) log_print(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_print(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_print(LOG_DEBUG, __VA_ARGS__)
#define log_error_errno(err, ...) log_print_errno(LOG_ERROR, err, __VA_ARGS__)
#define log_warning_errno(err, ...) log_print_errno(LOG_WARNING, err, __VA_ARGS__)
#define log_debug_errno(err, ...) log_print_errno(LOG_DEBUG, err, __VA_ARGS__)
