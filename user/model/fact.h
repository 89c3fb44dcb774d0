/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is true of the machine and does not change by the minute, so that runs
 * can be compared and a report read elsewhere: the distribution, the kernel's
 * configuration, which units run. Strings are raw.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct fact {
	char kind[16];	/* "os" "cmdline" "packages" "unit" "config" "feature" "self" */
	char name[128]; /* within the kind: "nginx.service"; "" where there is one only */
	char value[200];
};

/* All zero is empty. */
struct facts {
	struct fact *v;
	size_t n, cap;
};

/* Appends; kind and name are not looked for. Cut where they do not fit. 0 or -ENOMEM. */
int facts__add(struct facts *f, const char *kind, const char *name, const char *value);
#define FACTS_MAX 16384
/* Copies those of `from` behind the others, at most FACTS_MAX in all; the rest is counted into
 * *dropped. 0 or -ENOMEM. */
int facts__keep(struct facts *f, const struct facts *from, uint64_t *dropped);
/* The last one of this kind and name; NULL: none. */
const struct fact *facts__find(const struct facts *f, const char *kind, const char *name);
/* Of the memtrace that recorded them, whose growth is told with its cost; 0: not known. */
uint32_t facts__own_pid(const struct facts *f);
