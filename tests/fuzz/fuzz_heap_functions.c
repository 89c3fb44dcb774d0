/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a damaged ELF file to probes: the vdso of this kernel, whose symbols are
 * renamed to malloc, changed and cut at places the input says; and bytes that
 * are taken for a function.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <elf.h>

#include "collect/heap_functions.h"
#include "collect/heap_insn.h"

#define BASE_MAX_BYTES (64 << 10)

static unsigned char base[BASE_MAX_BYTES];
static size_t base_size;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);
	static const char name[] = "__vdso_time", ours[] = "malloc";

	(void)argc;
	(void)argv;
	if (!h)
		return 0;
	base_size = h->e_shoff + (size_t)h->e_shnum * h->e_shentsize;
	if (base_size > sizeof(base))
		base_size = 0;
	memcpy(base, h, base_size);
	for (size_t i = 0; i + sizeof(name) < base_size; i++)
		if (!memcmp(base + i, name, sizeof(name)))
			memcpy(base + i, ours, sizeof(ours));
	return 0;
}

static void read_file(const unsigned char *data, size_t n)
{
	struct heap_functions f = {};
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	assert(fd >= 0 && write(fd, data, n) == (ssize_t)n);
	assert(heap_functions__read(fd, &f) == 0);
	for (size_t i = 0; i < f.n; i++)
		assert(f.v[i].kind < _MT_HEAP_KIND_MAX && f.v[i].offset < n + HEAP_INSN_BYTES);
	vec_free(&f);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char copy[BASE_MAX_BYTES];
	const struct heap_insn_wants wants = {.n_args = 3, .on_top = true};
	struct heap_insn insn = heap_insn_choose(data, size, wants);
	size_t n = base_size;

	assert(insn.emulated ? insn.offset < size : !insn.offset);
	memcpy(copy, base, n);
	/* four bytes a change: where, and what is put there */
	for (; size >= 4 && n; data += 4, size -= 4) {
		size_t at = (data[0] | (size_t)data[1] << 8) % n;

		if (data[3] == 0xff)
			n = at;
		else
			copy[at] = data[2];
	}
	read_file(copy, n);
	return 0;
}
