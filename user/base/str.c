/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

void strbuf_free(struct strbuf *b)
{
	free(b->s);
	*b = (struct strbuf){0};
}

/* Room for `len` more bytes and the NUL. */
static bool reserve(struct strbuf *b, size_t len)
{
	size_t want;

	if (b->failed)
		return false;
	if (__builtin_add_overflow(b->len, len, &want) || __builtin_add_overflow(want, 1, &want) ||
	    (want > b->cap && vec_grow_raw((void **)&b->s, &b->cap, want, 1)))
		b->failed = true;
	return !b->failed;
}

void strbuf_add(struct strbuf *b, const char *s, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len)
		memcpy(b->s + b->len, s, len);
	b->len += len;
	b->s[b->len] = '\0';
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		b->failed = true;
	if (!reserve(b, len < 0 ? 0 : (size_t)len))
		return;
	va_start(args, fmt);
	vsnprintf(b->s + b->len, (size_t)len + 1, fmt, args);
	va_end(args);
	b->len += (size_t)len;
}

/*
 * Length of the UTF-8 character at s (at most n bytes), 0 when there is none:
 * overlong forms, surrogates and values above U+10FFFF are none.
 */
static size_t utf8_char(const unsigned char *s, size_t n, uint32_t *ret)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = s[0];
	size_t len;

	if (c < 0x80) {
		*ret = c;
		return 1;
	}
	if (c >= 0xc2 && c < 0xe0)
		len = 2;
	else if (c >= 0xe0 && c < 0xf0)
		len = 3;
	else if (c >= 0xf0 && c < 0xf5)
		len = 4;
	else
		return 0;
	if (len > n)
		return 0;
	c &= 0x7fU >> len;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < smallest[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret = c;
	return len;
}

/* Characters that could move a cursor, end a line or reorder what is shown. */
static bool is_harmful(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00, 0x1f},	  /* C0 */
		{0x7f, 0x9f},	  /* DEL, C1 */
		{0x61c, 0x61c},	  /* Arabic letter mark */
		{0x200e, 0x200f}, /* left-to-right and right-to-left mark */
		{0x2028, 0x202e}, /* line and paragraph separator, bidi embeddings, overrides */
		{0x2066, 0x2069}, /* bidi isolates */
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

#define SAFE_UNIT_MAX (4 * 4 + 1) /* a character of four bytes, each as \xNN; NUL */

/* Makes one character or stray byte at s safe; returns how many bytes it took. */
static size_t safe_unit(const char *s, size_t n, char unit[static SAFE_UNIT_MAX], size_t *ret_len)
{
	const unsigned char *u = (const unsigned char *)s;
	uint32_t c = 0;
	size_t took = utf8_char(u, n, &c);

	if (took && !is_harmful(c)) {
		memcpy(unit, s, took);
		*ret_len = took;
		return took;
	}
	if (!took)
		took = 1;
	for (size_t i = 0; i < took; i++)
		snprintf(unit + 4 * i, SAFE_UNIT_MAX - 4 * i, "\\x%02x", u[i]);
	*ret_len = 4 * took;
	return took;
}

char *safe_text(char *dst, size_t dst_size, const char *src, size_t src_size)
{
	size_t out = 0, len = strnlen(src, src_size);

	for (size_t in = 0; in < len;) {
		char unit[SAFE_UNIT_MAX];
		size_t unit_len;

		in += safe_unit(src + in, len - in, unit, &unit_len);
		if (out + unit_len >= dst_size)
			break;
		memcpy(dst + out, unit, unit_len);
		out += unit_len;
	}
	if (dst_size)
		dst[out] = '\0';
	return dst;
}

char *safe_utf8(char *dst, size_t dst_size, const char *src, size_t src_size)
{
	static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
	size_t out = 0, len = strnlen(src, src_size);

	for (size_t in = 0; in < len;) {
		uint32_t c;
		size_t took = utf8_char((const unsigned char *)src + in, len - in, &c);
		const char *unit = took ? src + in : replacement;
		size_t unit_len = took ? took : sizeof(replacement) - 1;

		if (out + unit_len >= dst_size)
			break;
		memcpy(dst + out, unit, unit_len);
		out += unit_len;
		in += took ? took : 1;
	}
	if (dst_size)
		dst[out] = '\0';
	return dst;
}

void csv_field(struct strbuf *b, const char *src, size_t src_size)
{
	size_t len = strnlen(src, src_size);
	bool quoted = memchr(src, ',', len) || memchr(src, '"', len);

	if (quoted)
		strbuf_add(b, "\"", 1);
	if (len && strchr("=+-@", src[0]))
		strbuf_add(b, "'", 1);
	for (size_t in = 0; in < len;) {
		char unit[SAFE_UNIT_MAX];
		size_t unit_len;

		in += safe_unit(src + in, len - in, unit, &unit_len);
		if (unit[0] == '"')
			strbuf_add(b, "\"", 1);
		strbuf_add(b, unit, unit_len);
	}
	if (quoted)
		strbuf_add(b, "\"", 1);
	if (!len)
		strbuf_add(b, "", 0);
}

/* Integers throughout: a double has 53 bits, and rest * 10 fits even for EiB. */
static void format_bytes(char *dst, size_t size, const char *sign, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t whole, rest, tenths, rounded;
	size_t unit = 0;

	for (;; unit++) {
		uint64_t one = 1ULL << (10 * unit);

		whole = bytes / one;
		rest = bytes % one;
		rounded = whole + (rest * 2 >= one);
		if (rounded < 1024 || unit == 6) {
			tenths = whole * 10 + (rest * 10 + one / 2) / one;
			break;
		}
	}
	if (unit && tenths < 1000)
		snprintf(dst, size, "%s%u.%u %s", sign, (unsigned int)(tenths / 10),
			 (unsigned int)(tenths % 10), units[unit]);
	else
		snprintf(dst, size, "%s%u %s", sign, (unsigned int)rounded, units[unit]);
}

char *human_bytes(char dst[static HUMAN_BYTES_SIZE], uint64_t bytes)
{
	format_bytes(dst, HUMAN_BYTES_SIZE, "", bytes);
	return dst;
}

char *human_delta(char dst[static HUMAN_BYTES_SIZE], int64_t bytes)
{
	uint64_t magnitude = bytes < 0 ? -(uint64_t)bytes : (uint64_t)bytes;

	format_bytes(dst, HUMAN_BYTES_SIZE, bytes < 0 ? "-" : bytes ? "+" : "", magnitude);
	return dst;
}
