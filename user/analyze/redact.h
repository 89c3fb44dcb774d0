/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes out of a text what says who and where: what is not needed to find a
 * leak. A function of the text and of the names that it was told. A word too
 * many goes rather than one too few.
 */
#pragma once

#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"

enum redacted {
	REDACTED_HOST,
	REDACTED_USER,
	REDACTED_ADDRESS, /* IPv4, IPv6, MAC */
	REDACTED_EMAIL,
	REDACTED_SECRET,    /* the value of password=, --token, Authorization: … */
	REDACTED_ARGUMENTS, /* of a command */
	REDACTED_PATH,	    /* below a home directory */
	_REDACTED_MAX,
};

/* "host name" "user name" … for the list of what was redacted. */
extern const char *const redacted_names[_REDACTED_MAX];

struct redactor {
	bool off; /* text is copied as it is */
	VEC(struct redact_name {
		char text[72];
		enum redacted kind;
	})
	names;
	uint64_t n[_REDACTED_MAX];
};

/* A host or user name; whole words only. Shorter than two bytes, and names every machine has
 * (root, localhost), are left alone. 0 or -ENOMEM. */
int redactor__add(struct redactor *r, const char *name, enum redacted kind);
void redactor__free(struct redactor *r);

/* Appends text, of which bytes that are not text are kept. */
void redact_text(struct redactor *r, const char *text, size_t len, struct strbuf *out);
/* In place, cut where it does not fit. */
void redact_field(struct redactor *r, char *text, size_t size);
