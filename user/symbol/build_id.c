/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The build-id as the dynamic loader could see it: in a PT_NOTE segment. Done
 * by hand, and not by libelf: it runs in this process on any file a container
 * maps.
 */
#include "symbol/symbolizer.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SEGMENTS_MAX 512
#define NOTES_MAX_BYTES 8192 /* of one segment; build-ids come early */

/* What is the same in both classes. */
struct headers {
	bool is_64;
	uint64_t segments_at;
	uint32_t segment_size, n_segments;
};

static bool read_at(int fd, void *buf, size_t size, uint64_t at)
{
	return at <= INT64_MAX && pread(fd, buf, size, (off_t)at) == (ssize_t)size;
}

static int read_headers(int fd, struct headers *ret)
{
	static const unsigned char native =
		__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	union {
		unsigned char ident[EI_NIDENT];
		Elf64_Ehdr e64;
		Elf32_Ehdr e32;
	} u;

	if (!read_at(fd, &u, sizeof(u.e32), 0) || memcmp(u.ident, ELFMAG, SELFMAG) != 0 ||
	    u.ident[EI_DATA] != native)
		return -ENOEXEC;
	if (u.ident[EI_CLASS] == ELFCLASS32) {
		*ret = (struct headers){false, u.e32.e_phoff, u.e32.e_phentsize, u.e32.e_phnum};
		return ret->segment_size == sizeof(Elf32_Phdr) ? 0 : -ENOEXEC;
	}
	if (u.ident[EI_CLASS] != ELFCLASS64 || !read_at(fd, &u, sizeof(u.e64), 0))
		return -ENOEXEC;
	*ret = (struct headers){true, u.e64.e_phoff, u.e64.e_phentsize, u.e64.e_phnum};
	return ret->segment_size == sizeof(Elf64_Phdr) ? 0 : -ENOEXEC;
}

/* Where the notes of segment i are; 0 bytes: it has none. */
static int find_notes(int fd, const struct headers *h, uint32_t i, uint64_t *ret_at,
		      uint64_t *ret_size, uint64_t *ret_align)
{
	uint64_t at = h->segments_at + (uint64_t)i * h->segment_size;
	union {
		Elf64_Phdr p64;
		Elf32_Phdr p32;
	} u;
	uint32_t type;

	if (!read_at(fd, &u, h->segment_size, at))
		return -ENOEXEC;
	type = h->is_64 ? u.p64.p_type : u.p32.p_type;
	*ret_at = h->is_64 ? u.p64.p_offset : u.p32.p_offset;
	*ret_size = h->is_64 ? u.p64.p_filesz : u.p32.p_filesz;
	*ret_align = (h->is_64 ? u.p64.p_align : u.p32.p_align) == 8 ? 8 : 4;
	if (type != PT_NOTE)
		*ret_size = 0;
	return 0;
}

static uint64_t round_up(uint64_t n, uint64_t align)
{
	return (n + align - 1) / align * align;
}

static int search_notes(const unsigned char *notes, size_t size, uint64_t align,
			char ret[static BUILD_ID_SIZE])
{
	size_t at = 0;

	while (size - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr n; /* the same in both classes */
		uint64_t name, desc, next;

		memcpy(&n, notes + at, sizeof(n));
		name = at + sizeof(n);
		desc = round_up(name + n.n_namesz, align);
		next = round_up(desc + n.n_descsz, align);
		if (desc + n.n_descsz > size)
			return -ENODATA;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    !memcmp(notes + name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) && n.n_descsz &&
		    n.n_descsz <= (BUILD_ID_SIZE - 1) / 2) {
			for (uint32_t i = 0; i < n.n_descsz; i++)
				snprintf(ret + 2 * i, 3, "%02x", notes[desc + i]);
			return 0;
		}
		if (next > size)
			return -ENODATA;
		at = next;
	}
	return -ENODATA;
}

int build_id_read(int fd, char ret[static BUILD_ID_SIZE])
{
	unsigned char notes[NOTES_MAX_BYTES];
	struct headers h;
	int err = read_headers(fd, &h);

	if (err)
		return err;
	if (h.n_segments > SEGMENTS_MAX)
		return -ENOEXEC;
	for (uint32_t i = 0; i < h.n_segments; i++) {
		uint64_t at, size, align;
		ssize_t n;

		err = find_notes(fd, &h, i, &at, &size, &align);
		if (err)
			return err;
		if (!size || at > INT64_MAX)
			continue;
		n = pread(fd, notes, size < sizeof(notes) ? size : sizeof(notes), (off_t)at);
		if (n > 0 && !search_notes(notes, (size_t)n, align, ret))
			return 0;
	}
	return -ENODATA;
}
