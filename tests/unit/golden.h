/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a sink writes, compared with a file in tests/golden. To accept a change
 * of it: MEMTRACE_GOLDEN=update make unit, then look at git diff.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/sink.h"

/* What the sink makes of the report; malloc'ed. */
static inline char *written(const struct sink *sink, const struct report *r)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(sink->write(r, f), 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(strlen(text), len);
	return text;
}

static inline void assert_golden(const char *name, const char *text)
{
	const char *mode = getenv("MEMTRACE_GOLDEN");
	char path[128], got[160];
	size_t size = strlen(text) + 2;
	char *want = calloc(1, size);
	FILE *f;

	assert_non_null(want);
	snprintf(path, sizeof(path), "tests/golden/%s", name);
	if (mode && !strcmp(mode, "update")) {
		f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
		assert_int_equal(fclose(f), 0);
	}
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s: not found (run from the top of the tree)", path);
	fread(want, 1, size - 1, f);
	fclose(f);
	if (strcmp(want, text)) {
		snprintf(got, sizeof(got), "/tmp/memtrace-%s.got", name);
		f = fopen(got, "w");
		if (f) {
			fputs(text, f);
			fclose(f);
		}
		fail_msg("not as %s has it: diff %s %s", path, path, got);
	}
	free(want);
}

/* A disk that is full: the error must come back. */
static inline void assert_write_error(const struct sink *sink, const struct report *r)
{
	FILE *f = fopen("/dev/full", "w");

	assert_non_null(f);
	assert_int_equal(sink->write(r, f), -28 /* ENOSPC */);
	fclose(f);
	f = fopen("/dev/full", "w");
	assert_non_null(f);
	setvbuf(f, NULL, _IONBF, 0);
	assert_int_equal(sink->write(r, f), -28);
	fclose(f);
}
