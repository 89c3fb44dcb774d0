/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs built by tests/fixtures/symbols/build in a directory of their own. After cmocka.h. */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "symbol/symbolizer.h"

#define PLACE_SIZE 64
#define PATH_SIZE 192

static char place[PLACE_SIZE];

static inline int build_programs(void **state)
{
	char command[256];

	snprintf(place, sizeof(place), "/tmp/memtrace-symbols-XXXXXX");
	if (!mkdtemp(place))
		return -1;
	snprintf(command, sizeof(command), "tests/fixtures/symbols/build %s", place);
	return system(command);
}

static inline int remove_programs(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", place);
	return system(command);
}

static inline const char *in_place(char path[static PATH_SIZE], const char *name)
{
	snprintf(path, PATH_SIZE, "%s/%s", place, name);
	return path;
}

static inline bool was_skipped(const char *name)
{
	char path[PATH_SIZE], line[64];
	FILE *f = fopen(in_place(path, "skipped"), "r");
	bool found = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		found |= !strcmp(line, name);
	}
	fclose(f);
	return found;
}

/* Where nm saw the symbol before the program was stripped. */
static inline uint64_t address_in(const char *program, const char *symbol)
{
	char path[PATH_SIZE], line[512];
	uint64_t addr = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.nm", place, program);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s: not there", path);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strchr(line, ' ') && !strcmp(strchr(line, ' ') + 1, symbol))
			addr = strtoull(line, NULL, 16);
	}
	fclose(f);
	if (!addr)
		fail_msg("%s has no %s", path, symbol);
	return addr;
}

static inline struct symbolizer *new_symbolizer(const struct symbol_options *o)
{
	struct symbol_options copy = *o;
	struct symbolizer *s;

	copy.max_memory_bytes = UINT64_MAX; /* the address sanitizer maps terabytes */
	assert_int_equal(symbolizer__new(&copy, &s), 0);
	return s;
}

static inline uint32_t add_program(struct symbolizer *s, const char *program)
{
	char path[PATH_SIZE];
	struct symbol_module m = {
		.kind = SYMBOL_FILE, .name = in_place(path, program), .root_fd = -1};
	uint32_t id;

	m.fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(m.fd >= 0);
	assert_int_equal(symbolizer__add(s, &m, &id), 0);
	close(m.fd);
	return id;
}

static inline void read_build_id(const char *program, char ret[static BUILD_ID_SIZE])
{
	char path[PATH_SIZE];
	int fd = open(in_place(path, program), O_RDONLY | O_CLOEXEC);

	assert_int_equal(build_id_read(fd, ret), 0);
	close(fd);
}

/* What is at one address: v is the caller's, strings are the symbolizer's. */
static inline struct path_frames frames_at(struct symbolizer *s, uint32_t module, uint64_t addr)
{
	struct path_frames f = {0};

	assert_int_equal(symbolizer__want(s, module, addr), 0);
	assert_int_equal(symbolizer__run(s), 0);
	assert_int_equal(symbolizer__frames(s, module, addr, &f), 0);
	assert_true(f.n >= 1);
	return f;
}

/* The function that has this address, without what is inlined; NULL: unknown. */
static inline const char *function_at(struct symbolizer *s, uint32_t module, uint64_t addr)
{
	struct path_frames f = frames_at(s, module, addr);
	const char *name = f.v[f.n - 1].function;

	vec_free(&f);
	return name;
}

static inline const struct limit *limit_of(struct symbolizer *s, struct limits *l, const char *kind)
{
	assert_int_equal(symbolizer__limits(s, l), 0);
	return limits__find(l, kind);
}
