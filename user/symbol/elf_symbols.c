/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/elf_symbols.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "symbol/demangle.h"
#include "symbol/dwarf_index.h"
#include "symbol/function_table.h"
#include "symbol/go_elf.h"
#include "symbol/open_file.h"

/* Beyond any program; a sparse file can claim to be larger. */
#define FILE_SIZE_MAX (16ULL << 30)

struct elf_symbols {
	const struct elf_source *source;
	struct notes *notes;
	struct debug_place place;
	Dwfl *dwfl;
	Dwfl_Module *module;
	struct function_table functions;
	Elf *table; /* the file the last symbol was in */
	bool table_complete;
	struct dwarf_index *dwarf; /* NULL: none */
	Dwarf_Addr dwarf_bias;
};

/* The parameters are libdwfl's. */
#define FIND_DEBUGINFO_PARAMETERS                                                                  \
	Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, const char *file,     \
		const char *link, GElf_Word crc, char **ret_path

/* Called when it wants a debug file, or the file that dwz made of several. */
static int find_debug_file(FIND_DEBUGINFO_PARAMETERS)
{
	struct elf_symbols *e = *user;
	struct debug_wanted w = {.link = link, .has_crc = crc != 0, .crc = crc};
	GElf_Addr at;
	int size = dwfl_module_build_id(module, &w.build_id, &at);

	(void)name;
	(void)base;
	(void)file;
	*ret_path = NULL;
	w.build_id_size = size > 0 ? (size_t)size : 0;
	return debug_file_find(&e->place, &w, e->notes);
}

/* The file was given as a descriptor. */
static int find_nothing(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
			char **ret_path, Elf **ret_elf)
{
	(void)module;
	(void)user;
	(void)name;
	(void)base;
	(void)ret_path;
	(void)ret_elf;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_nothing,
	.find_debuginfo = find_debug_file,
};

static int refuse(struct notes *notes, enum note_kind kind, const char *name, int err)
{
	notes__add(notes, kind, name);
	return err;
}

static int open_module_file(const struct symbol_module *m, struct notes *notes)
{
	int fd;

	if (m->fd >= 0)
		fd = fcntl(m->fd, F_DUPFD_CLOEXEC, 3);
	else if (!m->build_id || !*m->build_id)
		return refuse(notes, NOTE_UNPROVEN, m->name, -ESTALE);
	else
		fd = open_regular(m->root_fd, m->name ? m->name : "");
	return fd < 0 ? refuse(notes, NOTE_UNREADABLE, m->name, -EACCES) : fd;
}

static int report_module(struct elf_symbols *e, int file)
{
	const struct symbol_module *m = e->source->module;
	const char *name = m->name ? m->name : "";
	_cleanup_close_ int fd = file;
	void **user = NULL;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return refuse(e->notes, NOTE_UNREADABLE, m->name, -errno);
	if ((uint64_t)st.st_size > FILE_SIZE_MAX)
		return refuse(e->notes, NOTE_TOO_LARGE, m->name, -EFBIG);
	e->place =
		(struct debug_place){name, m->root_fd, e->source->debug_dirs, st.st_dev, st.st_ino};
	e->dwfl = dwfl_begin(&callbacks);
	if (!e->dwfl)
		return -ENOMEM;
	/* Base 0: addresses are the file's own. */
	e->module = dwfl_report_elf(e->dwfl, name, name, fd, 0, true);
	if (!e->module)
		return refuse(e->notes, NOTE_DAMAGED, m->name, -ENOEXEC);
	fd = -1; /* libdwfl's now */
	if (dwfl_report_end(e->dwfl, NULL, NULL) ||
	    !dwfl_module_info(e->module, &user, NULL, NULL, NULL, NULL, NULL, NULL))
		return refuse(e->notes, NOTE_DAMAGED, m->name, -ENOEXEC);
	*user = e;
	return 0;
}

/* The file that lies there now may be a newer one. */
static int check_build_id(struct elf_symbols *e)
{
	const struct symbol_module *m = e->source->module;
	const unsigned char *id = NULL;
	GElf_Addr at;
	char hex[BUILD_ID_SIZE] = "";
	int size;

	if (!m->build_id || !*m->build_id)
		return 0;
	size = dwfl_module_build_id(e->module, &id, &at);
	for (int i = 0; i < size && i < (int)(sizeof(hex) / 2); i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	return strcmp(hex, m->build_id) ? refuse(e->notes, NOTE_CHANGED, m->name, -ESTALE) : 0;
}

static bool has_symtab(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			return true;
	return false;
}

/* How far a symbol without a size may reach: 0 when others may be missing after it, as in a
 * table of what a stripped library exports. */
static uint64_t limit_of(struct elf_symbols *e, Elf *elf, GElf_Word section, GElf_Addr bias,
			 bool *ret_code)
{
	GElf_Shdr header;

	*ret_code = false;
	if (!elf || !gelf_getshdr(elf_getscn(elf, section), &header))
		return 0;
	*ret_code = header.sh_flags & SHF_EXECINSTR;
	if (elf != e->table)
		e->table_complete = has_symtab(elf);
	e->table = elf;
	return e->table_complete ? header.sh_addr + header.sh_size + bias : 0;
}

static int add_symbol(struct elf_symbols *e, int i)
{
	GElf_Sym symbol;
	GElf_Addr value, bias = 0;
	GElf_Word section;
	Elf *elf = NULL;
	const char *name =
		dwfl_module_getsym_info(e->module, i, &symbol, &value, &section, &elf, &bias);
	int type = name ? GELF_ST_TYPE(symbol.st_info) : STT_NOTYPE;
	struct function_symbol f = {.name = name, .start = value, .size = symbol.st_size};
	bool code;

	if (!name || !*name || section == SHN_UNDEF || section == SHN_ABS)
		return 0;
	f.limit = limit_of(e, elf, section, bias, &code);
	f.binding = GELF_ST_BIND(symbol.st_info) == STB_LOCAL  ? FUNCTION_LOCAL
		    : GELF_ST_BIND(symbol.st_info) == STB_WEAK ? FUNCTION_WEAK
							       : FUNCTION_GLOBAL;
	/* Assembly may leave the type out; local labels are no functions. */
	if (!code || (type != STT_FUNC && type != STT_GNU_IFUNC &&
		      (type != STT_NOTYPE || f.binding == FUNCTION_LOCAL)))
		return 0;
	return function_table__add(&e->functions, &f);
}

/* A stripped Go program names its functions all the same. */
static void read_go_table(struct elf_symbols *e)
{
	GElf_Addr bias = 0;
	Elf *elf = dwfl_module_getelf(e->module, &bias);
	int err = elf && !has_symtab(elf) ? go_elf__add_to(elf, bias, &e->functions) : -ENOENT;

	if (err && err != -ENOENT)
		refuse(e->notes, NOTE_DAMAGED, e->source->module->name, err);
}

static int read_symbols(struct elf_symbols *e)
{
	int n = dwfl_module_getsymtab(e->module);

	for (int i = 1; i < n; i++) {
		int err = add_symbol(e, i);

		if (err)
			return err;
	}
	read_go_table(e);
	return function_table__sort(&e->functions);
}

static int read_dwarf(struct elf_symbols *e)
{
	Dwarf *dw = dwfl_module_getdwarf(e->module, &e->dwarf_bias);
	int err = dw ? dwarf_index__new(dw, &e->dwarf) : 0;

	return err == -ENOMEM ? err : 0;
}

void elf_symbols__close(struct elf_symbols *e)
{
	if (!e)
		return;
	dwarf_index__free(e->dwarf);
	function_table__free(&e->functions);
	if (e->dwfl)
		dwfl_end(e->dwfl);
	free(e);
}

static void close_symbols(struct elf_symbols **e)
{
	elf_symbols__close(*e);
}

static int open_file(struct elf_symbols *e, int fd)
{
	int err = fd < 0 ? fd : report_module(e, fd);

	return err ? err : check_build_id(e);
}

static size_t build_id_bytes(const char *hex, uint8_t ret[static BUILD_ID_SIZE / 2])
{
	size_t n = strlen(hex) / 2;

	if (n > BUILD_ID_SIZE / 2)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const char digits[] = {hex[2 * i], hex[2 * i + 1]};
		struct cursor c = {digits, digits + 2};
		uint64_t byte;

		if (cursor_hex(&c, &byte))
			return 0;
		ret[i] = (uint8_t)byte;
	}
	return n;
}

/*
 * Elsewhere, or later: the file is not here, or another one is, but its debug
 * file may be, and has all its names. What was wrong with the file is then no
 * matter.
 */
static int open_debug_alone(struct elf_symbols *e)
{
	const struct symbol_module *m = e->source->module;
	uint8_t id[BUILD_ID_SIZE / 2];
	struct debug_wanted w = {.build_id = id};
	int fd, err;

	if (m->kind != SYMBOL_FILE || !m->build_id)
		return -ENOENT;
	w.build_id_size = build_id_bytes(m->build_id, id);
	e->place = (struct debug_place){m->name ? m->name : "", m->root_fd, e->source->debug_dirs,
					0, 0};
	fd = debug_file_find(&e->place, &w, e->notes);
	if (fd < 0)
		return fd;
	if (e->dwfl)
		dwfl_end(e->dwfl);
	e->dwfl = NULL;
	err = open_file(e, fd);
	if (err)
		return err;
	notes__forget(e->notes);
	return 0;
}

int elf_symbols__open(const struct elf_source *s, struct notes *notes, struct elf_symbols **ret)
{
	_cleanup_(close_symbols) struct elf_symbols *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->source = s;
	e->notes = notes;
	elf_version(EV_CURRENT); /* libelf opens nothing before it was asked */
	err = open_file(e, open_module_file(s->module, notes));
	if (err && !open_debug_alone(e))
		err = 0;
	/* Before the symbols: where the file has none, its debug file may. */
	if (!err && !s->no_lines)
		err = read_dwarf(e);
	if (!err)
		err = read_symbols(e);
	if (!err)
		*ret = TAKE_PTR(e);
	return err;
}

/* From the symbol table: it tells clones (.part.0, .cold) apart. */
static const char *table_name(struct elf_symbols *e, uint64_t addr, struct strings *strings)
{
	const char *name = function_table__find(&e->functions, addr);
	_cleanup_free_ char *bare = NULL, *readable = NULL;

	if (!name)
		return NULL;
	bare = strndup(name, strcspn(name, "@")); /* without its version */
	if (!bare)
		return NULL;
	readable = e->source->no_demangle ? NULL : demangle(bare);
	return strings__keep(strings, readable ? readable : bare);
}

int elf_symbols__frames(struct elf_symbols *e, uint64_t addr, struct strings *strings,
			struct path_frames *frames)
{
	const char *name = table_name(e, addr, strings);
	int err = -ENOENT;

	if (e->dwarf)
		err = dwarf_index__frames(e->dwarf, addr - e->dwarf_bias, strings, frames);
	if (err == -ENOENT && name)
		return vec_push(frames, (struct path_frame){.function = name});
	if (!err && name)
		frames->v[frames->n - 1].function = name;
	return err;
}
