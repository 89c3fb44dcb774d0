/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/go_elf.h"

#include <errno.h>
#include <gelf.h>
#include <string.h>

#include "symbol/go_table.h"

static Elf_Scn *find_section(Elf *elf, const char *name, GElf_Shdr *ret)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *is =
			gelf_getshdr(section, ret) ? elf_strptr(elf, names, ret->sh_name) : NULL;

		if (is && !strcmp(is, name))
			return section;
	}
	return NULL;
}

/* What the loader will write at an address; 0: nothing. */
static uint64_t relocated(Elf *elf, uint64_t addr)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Rela rela;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA)
			continue;
		data = elf_getdata(section, NULL);
		for (int i = 0; data && gelf_getrela(data, i, &rela); i++)
			if (rela.r_offset == addr)
				return (uint64_t)rela.r_addend;
	}
	return 0;
}

/* Where the table does not say what it counts from. Code of C lies before that of Go where another
 * linker put them together, which its .init gives away: then nobody knows. */
static uint64_t find_text(Elf *elf, uint64_t word_addr)
{
	uint64_t text = relocated(elf, word_addr);
	GElf_Shdr header;

	if (text || find_section(elf, ".init", &header) || !find_section(elf, ".text", &header))
		return text;
	return header.sh_addr;
}

int go_elf__add_to(Elf *elf, uint64_t bias, struct function_table *to)
{
	static const char *const sections[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	size_t first = to->functions.n;
	Elf_Scn *section = NULL;
	struct go_table table;
	GElf_Shdr header;
	Elf_Data *data;
	int err;

	for (size_t i = 0; !section && i < sizeof(sections) / sizeof(sections[0]); i++)
		section = find_section(elf, sections[i], &header);
	if (!section || header.sh_type == SHT_NOBITS)
		return -ENOENT;
	data = elf_rawdata(section, NULL);
	if (!data || !data->d_buf)
		return -ENOEXEC;
	table = (struct go_table){.data = data->d_buf, .size = data->d_size};
	table.text_start = find_text(elf, header.sh_addr + go_table__text_word(&table));
	err = go_table__add_to(&table, to);
	if (err)
		to->functions.n = first;
	for (size_t i = first; bias && i < to->functions.n; i++)
		to->functions.v[i].start += bias;
	return err;
}
