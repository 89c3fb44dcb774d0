/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/parse.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define NS_PER_MS 1000000ULL
#define NS_PER_S (1000 * NS_PER_MS)
#define NS_PER_DAY (86400 * NS_PER_S)
#define DURATION_MAX_NS (10 * 365 * NS_PER_DAY)

/* A decimal fraction is kept in billionths: nine digits; what follows is cut. */
#define FRACTION_DIGITS 9
#define FRACTION_ONE 1000000000ULL

struct unit {
	const char *suffix; /* without regard to case */
	uint64_t factor;
};

static const struct unit duration_units[] = {
	{"", NS_PER_S},		{"s", NS_PER_S},   {"ms", NS_PER_MS}, {"m", 60 * NS_PER_S},
	{"h", 3600 * NS_PER_S}, {"d", NS_PER_DAY}, {NULL, 0},
};

static const struct unit size_units[] = {
	{"", 1},	   {"b", 1},
	{"k", 1ULL << 10}, {"kib", 1ULL << 10},
	{"m", 1ULL << 20}, {"mib", 1ULL << 20},
	{"g", 1ULL << 30}, {"gib", 1ULL << 30},
	{"t", 1ULL << 40}, {"tib", 1ULL << 40},
	{NULL, 0},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Takes the digits from *p on; all of them, also when the value does not fit. */
static int take_digits(const char **p, const char *end, uint64_t *ret)
{
	const char *start = *p;
	uint64_t value = 0;
	bool overflow = false;

	for (; *p != end && is_digit(**p); (*p)++)
		overflow = overflow || __builtin_mul_overflow(value, 10, &value) ||
			   __builtin_add_overflow(value, (uint64_t)(**p - '0'), &value);
	if (*p == start)
		return -EINVAL;
	if (overflow)
		return -ERANGE;
	*ret = value;
	return 0;
}

static int parse_range(const char *text, const char *end, uint64_t *ret)
{
	uint64_t value;
	int err = take_digits(&text, end, &value);

	if (text != end)
		return -EINVAL;
	if (!err)
		*ret = value;
	return err;
}

/* For NUL-terminated text: the end that take_digits() will not reach. */
static const char *text_end(const char *text)
{
	while (*text)
		text++;
	return text;
}

int parse_u64(const char *text, uint64_t *ret)
{
	return parse_range(text, text_end(text), ret);
}

int parse_u32(const char *text, uint32_t *ret)
{
	uint64_t value;
	int err = parse_u64(text, &value);

	if (err)
		return err;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}

static int take_fraction(const char **p, uint64_t *ret_billionths)
{
	uint64_t value = 0;
	int n = 0;

	if (!is_digit(**p))
		return -EINVAL;
	for (; is_digit(**p); (*p)++)
		if (n < FRACTION_DIGITS) {
			value = value * 10 + (uint64_t)(**p - '0');
			n++;
		}
	for (; n < FRACTION_DIGITS; n++)
		value *= 10;
	*ret_billionths = value;
	return 0;
}

/* NUMBER[.FRACTION][SUFFIX], in units of the factor 1. */
static int parse_with_unit(const char *text, const struct unit *units, uint64_t *ret)
{
	uint64_t whole, fraction = 0, value;
	int range_err = take_digits(&text, text_end(text), &whole);

	if (range_err == -EINVAL)
		return -EINVAL;
	if (*text == '.') {
		text++;
		if (take_fraction(&text, &fraction))
			return -EINVAL;
	}
	while (units->suffix && strcasecmp(text, units->suffix))
		units++;
	if (!units->suffix || (fraction && units->factor == 1))
		return -EINVAL;
	if (range_err || __builtin_mul_overflow(whole, units->factor, &value))
		return -ERANGE;

	/* factor * fraction / FRACTION_ONE, exactly, without leaving 64 bits */
	fraction = units->factor / FRACTION_ONE * fraction +
		   units->factor % FRACTION_ONE * fraction / FRACTION_ONE;
	if (__builtin_add_overflow(value, fraction, &value))
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_duration_ns(const char *text, uint64_t *ret_ns)
{
	uint64_t value;
	int err = parse_with_unit(text, duration_units, &value);

	if (err)
		return err;
	if (value == 0 || value > DURATION_MAX_NS)
		return -ERANGE;
	*ret_ns = value;
	return 0;
}

int parse_size(const char *text, uint64_t *ret_bytes)
{
	return parse_with_unit(text, size_units, ret_bytes);
}

int cursor_line(struct cursor *c, struct cursor *ret_line)
{
	const char *p = c->p;

	if (c->p >= c->end)
		return -ENODATA;
	while (p < c->end && *p != '\n')
		p++;
	*ret_line = (struct cursor){c->p, p};
	c->p = p < c->end ? p + 1 : p;
	return 0;
}

int cursor_word(struct cursor *c, struct cursor *ret_word)
{
	const char *start;

	while (c->p < c->end && is_blank(*c->p))
		c->p++;
	if (c->p >= c->end)
		return -ENODATA;
	start = c->p;
	while (c->p < c->end && !is_blank(*c->p))
		c->p++;
	*ret_word = (struct cursor){start, c->p};
	return 0;
}

int cursor_u64(struct cursor *c, uint64_t *ret)
{
	struct cursor word;
	int err = cursor_word(c, &word);

	if (err)
		return err;
	return parse_range(word.p, word.end, ret);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -EINVAL;
}

int cursor_hex(struct cursor *c, uint64_t *ret)
{
	struct cursor word;
	uint64_t value = 0;
	int err = cursor_word(c, &word);

	if (err)
		return err;
	if (word.end - word.p > 2 && word.p[0] == '0' && (word.p[1] | 0x20) == 'x')
		word.p += 2;
	for (; word.p < word.end; word.p++) {
		int digit = hex_digit(*word.p);

		if (digit < 0)
			return -EINVAL;
		if (value >> 60)
			return -ERANGE;
		value = value << 4 | (uint64_t)digit;
	}
	*ret = value;
	return 0;
}

int cursor_hex_until(struct cursor *c, char end, uint64_t *ret)
{
	uint64_t value = 0;
	int digits = 0;

	for (; c->p < c->end && *c->p != end; c->p++, digits++) {
		int digit = hex_digit(*c->p);

		if (digit < 0)
			return -EINVAL;
		if (digits == 16)
			return -ERANGE;
		value = value << 4 | (uint64_t)digit;
	}
	if (!digits || c->p == c->end)
		return -EINVAL;
	c->p++;
	*ret = value;
	return 0;
}

bool cursor_is(struct cursor c, const char *text)
{
	size_t len = (size_t)(c.end - c.p);

	return strlen(text) == len && (!len || !memcmp(c.p, text, len));
}

bool cursor_copy(struct cursor c, char *dst, size_t size)
{
	size_t len = (size_t)(c.end - c.p);

	if (len >= size || (len && memchr(c.p, '\0', len)))
		return false;
	if (len)
		memcpy(dst, c.p, len);
	dst[len] = '\0';
	return true;
}

static bool is_octal(const char *p)
{
	return p[0] >= '0' && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' && p[2] >= '0' &&
	       p[2] <= '7';
}

void cursor_unescape(struct cursor c, char *dst, size_t size)
{
	size_t n = 0;

	while (c.p < c.end && n + 1 < size) {
		if (*c.p == '\\' && c.end - c.p >= 4 && is_octal(c.p + 1)) {
			dst[n++] =
				(char)((c.p[1] - '0') * 64 + (c.p[2] - '0') * 8 + (c.p[3] - '0'));
			c.p += 4;
		} else {
			dst[n++] = *c.p++;
		}
	}
	dst[n] = '\0';
}
