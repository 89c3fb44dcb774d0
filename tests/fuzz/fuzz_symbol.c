/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a damaged ELF file to names: programs built by tests/fixtures/symbols
 * (the vdso where no compiler is), cut and changed at places the input says.
 * Whatever the reading child meets, the parent goes on and every address has a
 * frame. And the texts that are read: kallsyms, perf maps, a child's answers.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "symbol/answer.h"
#include "symbol/symbolizer.h"
#include "symbol/text_symbols.h"
#include "symbol/vdso.h"

#define BASES_MAX 4
#define BASE_MAX_BYTES (256 << 10)

static struct {
	unsigned char *data;
	size_t size;
} bases[BASES_MAX];
static size_t n_bases;

static void load_base(int fd)
{
	unsigned char *data = malloc(BASE_MAX_BYTES);
	ssize_t n = fd >= 0 && data ? pread(fd, data, BASE_MAX_BYTES, 0) : -1;

	if (n > 0 && n < BASE_MAX_BYTES) {
		bases[n_bases].data = data;
		bases[n_bases++].size = (size_t)n;
	} else {
		free(data);
	}
	if (fd >= 0)
		close(fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const names[] = {"plain", "mini", "cxx"};
	char dir[] = "/tmp/memtrace-fuzz-XXXXXX", text[256];

	(void)argc;
	(void)argv;
	if (mkdtemp(dir)) {
		snprintf(text, sizeof(text), "tests/fixtures/symbols/build %s 2>/dev/null", dir);
		if (system(text))
			fputs("fuzz_symbol: the programs were not built, only the vdso is used\n",
			      stderr);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			snprintf(text, sizeof(text), "%s/%s", dir, names[i]);
			load_base(open(text, O_RDONLY | O_CLOEXEC));
		}
		snprintf(text, sizeof(text), "rm -rf %s", dir);
		assert(!system(text));
	}
	load_base(vdso_open());
	return 0;
}

static int file_of(const void *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	return fd;
}

/* Edits of four bytes each: three of a place, one that goes there; 0xff cuts there instead. */
static int damaged_file(const uint8_t *data, size_t size)
{
	unsigned char copy[BASE_MAX_BYTES];
	size_t base = data[0] % n_bases, len = bases[base].size;

	memcpy(copy, bases[base].data, len);
	for (size_t i = 1; i + 4 <= size && i < 256; i += 4) {
		size_t at = ((size_t)data[i] << 16 | (size_t)data[i + 1] << 8 | data[i + 2]) % len;

		if (data[i + 3] == 0xff && at)
			len = at;
		else
			copy[at] = data[i + 3];
	}
	return file_of(copy, len);
}

static void try_elf(const uint8_t *data, size_t size)
{
	const struct symbol_options o = {.max_ns = 2000000000, .max_memory_bytes = UINT64_MAX};
	struct symbol_module m = {.kind = SYMBOL_FILE, .name = "fuzz", .root_fd = -1};
	struct symbolizer *s = NULL;
	struct path_frames f = {0};
	struct limits l = {0};
	char id[BUILD_ID_SIZE];
	uint32_t module;

	m.fd = damaged_file(data, size);
	if (!build_id_read(m.fd, id))
		assert(strlen(id) >= 2 && strspn(id, "0123456789abcdef") == strlen(id));
	assert(!symbolizer__new(&o, &s));
	assert(!symbolizer__add(s, &m, &module));
	for (uint64_t a = 0x400; a < 0x1400; a += 0x28)
		assert(!symbolizer__want(s, module, a));
	assert(!symbolizer__run(s));
	for (uint64_t a = 0x400; a < 0x1400; a += 0x28) {
		f.n = 0;
		assert(!symbolizer__frames(s, module, a, &f) && f.n >= 1);
		assert(f.n <= ANSWER_FRAMES_MAX && !f.v[f.n - 1].inlined);
		for (size_t i = 0; i < f.n; i++)
			assert(!strcmp(f.v[i].module, "fuzz") && f.v[i].offset == a);
	}
	assert(!symbolizer__limits(s, &l));
	limits__free(&l);
	vec_free(&f);
	symbolizer__free(s);
	close(m.fd);
}

static void try_text(const uint8_t *data, size_t size)
{
	static int (*const find[])(int, struct text_symbol *, size_t) = {kernel_symbols_find,
									 perf_map_find};
	int fd = file_of(data, size);

	for (size_t i = 0; i < 2; i++) {
		struct text_symbol v[] = {{.addr = UINT64_MAX},
					  {.addr = 0},
					  {.addr = 0x1000},
					  {.addr = 0xffffffff81000100}};

		find[i](fd, v, 4);
		for (size_t j = 0; j < 4; j++) {
			assert(!v[j].name || v[j].start <= v[j].addr);
			free(v[j].name);
			free(v[j].module);
		}
	}
	close(fd);
}

static int take_frames(void *arg, uint32_t number, const struct path_frame *v, size_t n)
{
	(void)arg;
	(void)number;
	assert(n <= ANSWER_FRAMES_MAX);
	for (size_t i = 0; i < n; i++) {
		assert(!v[i].function || strlen(v[i].function) <= ANSWER_STRING_MAX);
		assert(!v[i].file || strlen(v[i].file) <= ANSWER_STRING_MAX);
	}
	return 0;
}

static void take_note(void *arg, enum note_kind kind, const char *file)
{
	(void)arg;
	(void)file;
	assert(kind < _NOTE_KIND_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct answer_reader r = {NULL, take_frames, take_note};

	assert(!answers_read((const char *)data, size, &r));
	try_text(data, size);
	/* A child each: one input in sixteen. */
	if (size && n_bases && !(data[0] & 0xf0))
		try_elf(data, size);
	return 0;
}
