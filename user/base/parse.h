/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text to numbers. Every function returns 0, -EINVAL (not a number of this
 * kind, trailing text included) or -ERANGE (does not fit), and leaves the
 * result untouched on failure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits only: no sign, no blanks, no hex. */
int parse_u64(const char *text, uint64_t *ret);
int parse_u32(const char *text, uint32_t *ret);

/* `90`, `90s`, `500ms`, `1.5h`, `5m`, `2h`, `1d`; ret in nanoseconds, above 0.
 * At most 10 years: -ERANGE. */
int parse_duration_ns(const char *text, uint64_t *ret_ns);

/* `4096`, `512K`, `512KiB`, `1.5M`, `2G`: 1024-based; ret in bytes. */
int parse_size(const char *text, uint64_t *ret_bytes);

/*
 * Cursor over a buffer that need not be NUL-terminated: /proc files. The
 * functions below never read past `end` and tolerate cut input.
 */
struct cursor {
	const char *p, *end;
};

/* Next line without its newline; returns 0, or -ENODATA at the end. */
int cursor_line(struct cursor *c, struct cursor *ret_line);
/* Next blank-separated word of a line; 0 or -ENODATA. */
int cursor_word(struct cursor *c, struct cursor *ret_word);
/* Next blank-separated word as a decimal number; 0, -ENODATA, -EINVAL, -ERANGE. */
int cursor_u64(struct cursor *c, uint64_t *ret);
/* Next blank-separated word as a hexadecimal number, with or without 0x; as above. */
int cursor_hex(struct cursor *c, uint64_t *ret);
/* Hex digits, at least one and at most 16, up to `end`, which is taken too; 0, -EINVAL, -ERANGE. */
int cursor_hex_until(struct cursor *c, char end, uint64_t *ret);
/* Whether it is exactly this text. */
bool cursor_is(struct cursor c, const char *text);
/* Copy as a string; false, and dst untouched, when it does not fit or holds a NUL. */
bool cursor_copy(struct cursor c, char *dst, size_t size);
/* Copy with the kernel's octal escapes (\040 for a blank, in mount and swap tables) undone; cut
 * when it does not fit, and where an escaped NUL is. */
void cursor_unescape(struct cursor c, char *dst, size_t size);
