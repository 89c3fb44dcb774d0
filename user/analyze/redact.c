/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/redact.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const redacted_names[] = {
	[REDACTED_HOST] = "host name",
	[REDACTED_USER] = "user name",
	[REDACTED_ADDRESS] = "address",
	[REDACTED_EMAIL] = "e-mail address",
	[REDACTED_SECRET] = "secret",
	[REDACTED_ARGUMENTS] = "command's arguments",
	[REDACTED_PATH] = "path below a home directory",
};

static const char *const marks[_REDACTED_MAX] = {
	[REDACTED_HOST] = "<host>",	  [REDACTED_USER] = "<user>",
	[REDACTED_ADDRESS] = "<address>", [REDACTED_EMAIL] = "<email>",
	[REDACTED_SECRET] = "<secret>",	  [REDACTED_ARGUMENTS] = "<arguments>",
	[REDACTED_PATH] = "<path>",
};

/* What is left of a text, from `p` on; `start` is where it began. */
struct at {
	const char *start, *p, *end;
};

int redactor__add(struct redactor *r, const char *name, enum redacted kind)
{
	static const char *const common[] = {"root", "localhost", "localdomain", "nobody", "user"};
	struct redact_name n = {.kind = kind};

	if (strlen(name) < 2 || strlen(name) >= sizeof(n.text))
		return 0;
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (!strcmp(name, common[i]))
			return 0;
	vec_for_each(it, &r->names)
		if (!strcmp(it->text, name))
			return 0;
	snprintf(n.text, sizeof(n.text), "%s", name);
	return vec_push(&r->names, n);
}

void redactor__free(struct redactor *r)
{
	vec_free(&r->names);
}

/* --- what stands here? Each returns how many bytes are to go, 0: none --- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool begins_word(const struct at *a)
{
	return a->p == a->start || !is_word(a->p[-1]);
}

static size_t left(const struct at *a)
{
	return (size_t)(a->end - a->p);
}

static size_t find_name(const struct redactor *r, const struct at *a, enum redacted *ret)
{
	if (!begins_word(a))
		return 0;
	vec_for_each(n, &r->names) {
		size_t len = strlen(n->text);

		if (len > left(a) || strncasecmp(a->p, n->text, len) != 0 ||
		    (len < left(a) && is_word(a->p[len])))
			continue;
		*ret = n->kind;
		return len;
	}
	return 0;
}

static bool may_end(const struct at *a, const char *p)
{
	/* "10.0.0.1." ends a sentence, "1.2.3.4.5" is a version. */
	return p == a->end ||
	       (!is_word(*p) && (*p != '.' || p + 1 == a->end || !isdigit((unsigned char)p[1])));
}

static size_t find_ipv4(const struct at *a)
{
	const char *p = a->p;

	if (!begins_word(a) || (a->p > a->start && a->p[-1] == '.'))
		return 0;
	for (int part = 0; part < 4; part++) {
		unsigned int n = 0, digits = 0;

		if (part && (p == a->end || *p++ != '.'))
			return 0;
		for (; p < a->end && isdigit((unsigned char)*p) && digits < 4; p++, digits++)
			n = n * 10 + (unsigned int)(*p - '0');
		if (!digits || digits > 3 || n > 255)
			return 0;
	}
	return may_end(a, p) ? (size_t)(p - a->p) : 0;
}

/* Groups of hex digits between colons: six of two are a MAC, eight or with "::" an IPv6 address. */
static size_t find_colons(const struct at *a)
{
	unsigned int digits = 0, groups = 0, colons = 0, twos = 0;
	bool doubled = false;
	const char *p = a->p;

	if (!begins_word(a) || (a->p > a->start && a->p[-1] == ':'))
		return 0;
	for (; p < a->end && (isxdigit((unsigned char)*p) || *p == ':'); p++) {
		if (*p != ':') {
			if (++digits > 4)
				return 0;
			continue;
		}
		doubled |= colons && p[-1] == ':';
		colons++;
		groups += digits > 0;
		twos += digits == 2;
		digits = 0;
	}
	groups += digits > 0;
	twos += digits == 2;
	if (p < a->end && is_word(*p))
		return 0;
	if ((groups == 6 && twos == 6 && colons == 5) || (colons == 7 && groups == 8) ||
	    (doubled && groups && colons >= 2 && colons <= 7))
		return (size_t)(p - a->p);
	return 0;
}

static bool is_unit(const char *dot, size_t len)
{
	static const char *const endings[] = {".service", ".slice",  ".scope",	".socket", ".timer",
					      ".mount",	  ".target", ".device", ".path",   ".swap"};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (len >= strlen(endings[i]) && !strncmp(dot, endings[i], strlen(endings[i])))
			return true;
	return false;
}

static size_t find_email(const struct at *a)
{
	const char *p = a->p, *at, *dot = NULL;

	if (!begins_word(a))
		return 0;
	while (p < a->end && (is_word(*p) || strchr(".+-", *p)) && *p)
		p++;
	if (p == a->p || p == a->end || *p != '@')
		return 0;
	for (at = p++; p < a->end && (is_word(*p) || *p == '.' || *p == '-'); p++)
		if (*p == '.' && p > at + 1 && p + 1 < a->end && isalpha((unsigned char)p[1]))
			dot = p;
	return dot && !is_unit(dot, (size_t)(a->end - dot)) ? (size_t)(p - a->p) : 0;
}

/* Below a home directory: what says where those are is kept (*keep). */
static size_t find_home(const struct at *a, size_t *keep)
{
	static const char *const homes[] = {"/home/", "/root/", "/Users/"};

	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
		size_t len = strlen(homes[i]);
		const char *p = a->p + len;

		if (left(a) <= len || strncmp(a->p, homes[i], len) != 0)
			continue;
		while (p < a->end && !isspace((unsigned char)*p) && !strchr("\"'`,;:)|&", *p))
			p++;
		*keep = len;
		return (size_t)(p - a->p);
	}
	return 0;
}

static const char *const secret_words[] = {"password",	 "passwd",     "passphrase",  "secret",
					   "token",	 "apikey",     "api_key",     "api-key",
					   "auth",	 "credential", "private_key", "access_key",
					   "access-key", "bearer",     "cookie",      "pwd"};

/* A key that ends in such a word, then = or : or a blank: what follows is the value. */
static size_t find_secret(const struct at *a, size_t *keep)
{
	for (size_t i = 0; i < sizeof(secret_words) / sizeof(secret_words[0]); i++) {
		size_t len = strlen(secret_words[i]);
		const char *p = a->p + len, *value;
		char quote = 0;

		if (left(a) <= len || strncasecmp(a->p, secret_words[i], len) != 0)
			continue;
		while (p < a->end && (is_word(*p) || *p == '-'))
			p++; /* "secret_key", "tokens" */
		if (p < a->end && (*p == '"' || *p == '\''))
			p++;
		if (p == a->end || !strchr("=: ", *p))
			continue;
		while (p < a->end && strchr("=: ", *p))
			p++;
		if (p < a->end && (*p == '"' || *p == '\''))
			quote = *p++;
		for (value = p; p < a->end && *p != '\n'; p++)
			if (quote ? *p == quote
				  : isspace((unsigned char)*p) || strchr("&,;\"'", *p))
				break;
		if (p == value)
			continue;
		/* "Authorization: Bearer X": the kind of it is not the secret. */
		if (p - value == 6 &&
		    (!strncasecmp(value, "bearer", 6) || !strncasecmp(value, "basic ", 6)))
			for (p++; p < a->end && !isspace((unsigned char)*p); p++)
				;
		*keep = (size_t)(value - a->p);
		return (size_t)(p - a->p);
	}
	return 0;
}

/* "scheme://user:password@": from behind the slashes up to the @. */
static size_t find_userinfo(const struct at *a, size_t *keep)
{
	const char *p = a->p + 3;

	if (left(a) < 4 || memcmp(a->p, "://", 3) != 0)
		return 0;
	while (p < a->end && !isspace((unsigned char)*p) && !strchr("/@\"'", *p))
		p++;
	if (p == a->end || *p != '@')
		return 0;
	*keep = 3;
	return (size_t)(p - a->p);
}

/* Keys that are known by how they begin. */
static size_t find_token(const struct at *a)
{
	static const char *const starts[] = {"AKIA",  "ASIA",  "ghp_", "gho_", "glpat-",
					     "xoxb-", "xoxp-", "eyJ",  "sk-"};
	const char *p = a->p;

	if (!begins_word(a))
		return 0;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		size_t len = strlen(starts[i]);

		if (left(a) < len || strncmp(a->p, starts[i], len) != 0)
			continue;
		while (p < a->end && (is_word(*p) || strchr("-./+=", *p)) && *p)
			p++;
		return (size_t)(p - a->p) >= 16 ? (size_t)(p - a->p) : 0;
	}
	return 0;
}

static size_t find_any(const struct redactor *r, const struct at *a, size_t *keep,
		       enum redacted *kind)
{
	size_t n;

	*keep = 0;
	if (!*a->p)
		return 0;
	*kind = REDACTED_PATH;
	n = find_home(a, keep);
	if (n)
		return n;
	*kind = REDACTED_SECRET;
	n = find_secret(a, keep) ?: find_userinfo(a, keep) ?: find_token(a);
	if (n)
		return n;
	*kind = REDACTED_EMAIL;
	n = find_email(a);
	if (n)
		return n;
	*kind = REDACTED_ADDRESS;
	n = find_ipv4(a) ?: find_colons(a);
	return n ?: find_name(r, a, kind);
}

void redact_text(struct redactor *r, const char *text, size_t len, struct strbuf *out)
{
	struct at a = {text, text, text + len};

	if (r->off) {
		strbuf_add(out, text, len);
		return;
	}
	while (a.p < a.end) {
		enum redacted kind;
		size_t keep, n = find_any(r, &a, &keep, &kind);

		if (!n) {
			strbuf_add(out, a.p++, 1);
			continue;
		}
		strbuf_add(out, a.p, keep);
		/* What an earlier pass put there is not counted again. */
		if (n - keep < strlen(marks[kind]) ||
		    strncmp(a.p + keep, marks[kind], strlen(marks[kind])) != 0)
			r->n[kind]++;
		strbuf_addf(out, "%s", marks[kind]);
		a.p += n;
	}
}

void redact_field(struct redactor *r, char *text, size_t size)
{
	struct strbuf out = {0};

	if (r->off)
		return;
	redact_text(r, text, strnlen(text, size), &out);
	memset(text, 0, size);
	if (out.len)
		memcpy(text, out.s, out.len < size ? out.len : size - 1);
	/* Out of memory: nothing rather than what should have gone. */
	strbuf_free(&out);
}
