/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options themselves, for options.c (parsing), options_help.c and the
 * tests. To add one: a member in struct options, a line in option_table[], a
 * line in the man page and in the completion; tests/check/options-docs tells
 * when one of them was forgotten.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "cli/options.h"

struct option_def {
	const char *name;   /* without dashes; "" is COMMAND, which follows a bare -- */
	char letter;	    /* 0: none */
	const char *arg;    /* how the value is called; NULL: takes none */
	unsigned int words; /* so many words may follow it, as separate ones, and are its values */
	enum mode mode;	    /* the mode it chooses, or MODE_NONE */
	uint32_t modes;	 /* bits (1 << enum mode) it may go with; not for those that choose one */
	enum mode joins; /* goes with the option that chooses this mode, which then counts */
	bool repeats;	 /* chooses a mode and may be given again */
	bool hidden;	 /* parsed but not shown: no help, man page or completion */
	/* Stores arg (NULL when .arg is) in o. 0, or usage_error()'s value, or -ENOMEM. */
	int (*parse)(const struct option_def *def, const char *arg, struct options *o);
	/* Takes the nth of the words that follow, from 0. */
	int (*word)(unsigned int nth, const char *arg, struct options *o);
	size_t offset; /* into struct options, for the parsers that are not about one member */
	uint64_t min;  /* smallest value, for numbers and durations */
	const char *help;
};

extern const struct option_def option_table[];
extern const size_t option_table_n;

#define OPTION_LABEL_SIZE 48
/* As it is typed: "--pid", "-- COMMAND". Returns dst. */
char *option_label(const struct option_def *def, char dst[static OPTION_LABEL_SIZE]);

/* What the user typed, safe to print and cut to a line's length. Returns dst. */
#define TYPED_SIZE 160
char *typed(char dst[static TYPED_SIZE], const char *text);

/* The one line that tells what is wrong, then "try --help". Returns -EINVAL. */
int usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void options_help_print(FILE *out);
