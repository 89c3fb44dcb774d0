/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings: a growing buffer, and making untrusted text (comm, cmdline, cgroup,
 * file and symbol names) safe for the medium it is written to.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is empty. After an allocation failure `failed` stays set, further
 * appends are ignored, and what was appended before is kept. */
struct strbuf {
	char *s; /* NUL-terminated once anything was appended; owned */
	size_t len, cap;
	bool failed;
};

void strbuf_free(struct strbuf *b);
void strbuf_add(struct strbuf *b, const char *s, size_t len);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Copy of `src` (at most `src_size` bytes, ends early at NUL) that cannot
 * change a terminal or a line-based log: control characters (C0, C1, DEL),
 * line and paragraph separators, bidi overrides and bytes that are not UTF-8
 * become \xNN. Always terminates; truncates at a whole escape or character.
 * Returns dst.
 */
char *safe_text(char *dst, size_t dst_size, const char *src, size_t src_size);

/*
 * Copy of `src` as valid UTF-8 for JSON writers: bytes that are not UTF-8
 * become U+FFFD; control characters are kept, the writer escapes them.
 */
char *safe_utf8(char *dst, size_t dst_size, const char *src, size_t src_size);

/* RFC 4180 field: text made safe as above, quoted when it needs to be, quotes
 * doubled; a leading = + - @ gets a ' in front, so that no spreadsheet runs it. */
void csv_field(struct strbuf *b, const char *src, size_t src_size);

/* "1.2 GiB", "34.5 MiB", "512 KiB", "0 B": binary units, at most one decimal, none from 100
 * on (bytes have none). */
#define HUMAN_BYTES_SIZE 16
char *human_bytes(char dst[static HUMAN_BYTES_SIZE], uint64_t bytes);
/* The same with a sign that is always there: "+1.2 MiB", "-4.0 KiB", "0 B". */
char *human_delta(char dst[static HUMAN_BYTES_SIZE], int64_t bytes);
