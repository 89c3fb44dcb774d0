/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/heap_functions.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gelf.h>

#include "collect/heap_insn.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

/* More symbols than the largest browser has. */
#define SYMBOLS_MAX (16u << 20)
#define PHDRS_MAX 64

struct name {
	const char *name;
	enum mt_heap_kind kind;
};

/* C: as they are, and behind the prefixes that allocators give them in static use. */
static const struct name c_names[] = {
	{"malloc", MT_HEAP_MALLOC},	   {"calloc", MT_HEAP_CALLOC},
	{"realloc", MT_HEAP_REALLOC},	   {"reallocarray", MT_HEAP_REALLOC_N},
	{"memalign", MT_HEAP_ALIGNED},	   {"aligned_alloc", MT_HEAP_ALIGNED},
	{"posix_memalign", MT_HEAP_POSIX}, {"valloc", MT_HEAP_MALLOC},
	{"pvalloc", MT_HEAP_MALLOC},	   {"free", MT_HEAP_FREE},
	{"cfree", MT_HEAP_FREE},	   {"mallocx", MT_HEAP_MALLOC},
	{"rallocx", MT_HEAP_REALLOC},	   {"dallocx", MT_HEAP_FREE},
	{"sdallocx", MT_HEAP_FREE},
};

static const char *const prefixes[] = {"", "je_", "_rjem_", "tc_", "mi_"};

/* C++: after _Znw, _Zna, _Zdl, _Zda (Itanium C++ ABI, section 5.1.3). */
static const char *const new_ends[] = {"m", "mRKSt9nothrow_t", "mSt11align_val_t",
				       "mSt11align_val_tRKSt9nothrow_t"};
static const char *const delete_ends[] = {"Pv",
					  "Pvm",
					  "PvRKSt9nothrow_t",
					  "PvSt11align_val_t",
					  "PvmSt11align_val_t",
					  "PvSt11align_val_tRKSt9nothrow_t"};

static bool is_one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(s, list[i]))
			return true;
	return false;
}

static bool is_new(const char *name)
{
	return (!strncmp(name, "_Znw", 4) || !strncmp(name, "_Zna", 4)) &&
	       is_one_of(name + 4, new_ends, N_ELEMS(new_ends));
}

static bool is_delete(const char *name)
{
	return (!strncmp(name, "_Zdl", 4) || !strncmp(name, "_Zda", 4)) &&
	       is_one_of(name + 4, delete_ends, N_ELEMS(delete_ends));
}

static bool is_c(const char *name, enum mt_heap_kind *ret)
{
	for (size_t p = 0; p < N_ELEMS(prefixes); p++) {
		size_t len = strlen(prefixes[p]);

		if (strncmp(name, prefixes[p], len))
			continue;
		for (size_t i = 0; i < N_ELEMS(c_names); i++) {
			if (strcmp(name + len, c_names[i].name))
				continue;
			*ret = c_names[i].kind;
			return true;
		}
	}
	return false;
}

bool heap_function_kind(const char *name, enum mt_heap_kind *ret)
{
	if (is_c(name, ret))
		return true;
	*ret = is_new(name) ? MT_HEAP_MALLOC : MT_HEAP_FREE;
	return *ret == MT_HEAP_MALLOC || is_delete(name);
}

/* --- the file --- */

struct reading {
	int fd;
	Elf *elf;
	GElf_Phdr load[PHDRS_MAX]; /* executable segments */
	size_t n_loads;
	bool has_malloc;
	uint64_t glibc_malloc; /* address; 0: it is another allocator's */
	struct heap_functions found, cpp;
};

static void read_segments(struct reading *r)
{
	size_t n;

	if (elf_getphdrnum(r->elf, &n) || n > PHDRS_MAX)
		return;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr *ph = &r->load[r->n_loads];

		if (gelf_getphdr(r->elf, (int)i, ph) && ph->p_type == PT_LOAD && ph->p_flags & PF_X)
			r->n_loads++;
	}
}

static bool file_offset(const struct reading *r, uint64_t addr, uint64_t *ret)
{
	for (size_t i = 0; i < r->n_loads; i++) {
		const GElf_Phdr *ph = &r->load[i];

		if (addr < ph->p_vaddr || addr - ph->p_vaddr >= ph->p_filesz)
			continue;
		*ret = addr - ph->p_vaddr + ph->p_offset;
		return *ret >= ph->p_offset;
	}
	return false;
}

/* How many arguments are looked at when the function is entered. */
static const uint8_t n_args[_MT_HEAP_KIND_MAX] = {
	[MT_HEAP_MALLOC] = 1,  [MT_HEAP_CALLOC] = 2,	[MT_HEAP_ALIGNED] = 2, [MT_HEAP_POSIX] = 3,
	[MT_HEAP_REALLOC] = 2, [MT_HEAP_REALLOC_N] = 3, [MT_HEAP_FREE] = 1,
};

static int add(struct reading *r, uint64_t addr, enum mt_heap_kind kind, struct heap_functions *to)
{
	const struct heap_insn_wants wants = {n_args[kind], kind != MT_HEAP_FREE};
	uint8_t code[HEAP_INSN_BYTES];
	struct heap_function f = {.kind = kind};
	struct heap_insn insn;
	ssize_t n;

	if (!file_offset(r, addr, &f.offset) || to->n >= HEAP_FUNCTIONS_MAX)
		return 0;
	n = pread(r->fd, code, sizeof(code), (off_t)f.offset);
	if (n <= 0)
		return 0;
	insn = heap_insn_choose(code, (size_t)n, wants);
	f.offset += insn.offset;
	f.emulated = insn.emulated;
	/* One function has many names. */
	vec_for_each(known, to)
		if (known->offset == f.offset)
			return 0;
	return vec_push(to, f);
}

static int add_symbol(struct reading *r, const GElf_Sym *sym, const char *name)
{
	enum mt_heap_kind kind;

	if (!name || GELF_ST_TYPE(sym->st_info) != STT_FUNC || sym->st_shndx == SHN_UNDEF)
		return 0;
	if (!strcmp(name, "__libc_malloc"))
		r->glibc_malloc = sym->st_value;
	if (!heap_function_kind(name, &kind))
		return 0;
	if (name[0] == '_' && name[1] == 'Z')
		return add(r, sym->st_value, kind, &r->cpp);
	r->has_malloc |= kind == MT_HEAP_MALLOC;
	return add(r, sym->st_value, kind, &r->found);
}

static int read_table(struct reading *r, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t n = data && sh->sh_entsize ? data->d_size / sh->sh_entsize : 0;
	int err = 0;

	if (n > SYMBOLS_MAX)
		n = SYMBOLS_MAX;
	for (size_t i = 0; !err && i < n; i++) {
		GElf_Sym sym;

		if (gelf_getsym(data, (int)i, &sym))
			err = add_symbol(r, &sym, elf_strptr(r->elf, sh->sh_link, sym.st_name));
	}
	return err;
}

static int read_tables(struct reading *r)
{
	Elf_Scn *scn = NULL;
	int err = 0;

	while (!err && (scn = elf_nextscn(r->elf, scn))) {
		GElf_Shdr sh;

		if (gelf_getshdr(scn, &sh) &&
		    (sh.sh_type == SHT_DYNSYM || sh.sh_type == SHT_SYMTAB))
			err = read_table(r, scn, &sh);
	}
	return err;
}

static int frees_first(const void *a, const void *b)
{
	const struct heap_function *x = a, *y = b;

	if ((x->kind == MT_HEAP_FREE) != (y->kind == MT_HEAP_FREE))
		return x->kind == MT_HEAP_FREE ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* glibc's malloc works on its arenas only. Others may be wrappers of one. */
static void mark_leaf(const struct reading *r, struct heap_function *f)
{
	uint64_t entry;

	f->leaf = f->kind == MT_HEAP_MALLOC && r->glibc_malloc &&
		  file_offset(r, r->glibc_malloc, &entry) && f->offset - entry < HEAP_INSN_BYTES;
}

/* new and delete of a file without malloc, libstdc++ for one, call that of another. */
static int take(struct reading *r, struct heap_functions *ret)
{
	int err = 0;

	if (!r->has_malloc)
		return 0;
	vec_for_each(f, &r->cpp) {
		bool known = false;

		vec_for_each(c, &r->found)
			known |= c->offset == f->offset;
		if (!known && !err)
			err = vec_push(&r->found, *f);
	}
	vec_for_each(f, &r->found) {
		mark_leaf(r, f);
		if (!err)
			err = vec_push(ret, *f);
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), frees_first);
	return err;
}

int heap_functions__read(int fd, struct heap_functions *ret)
{
	struct reading r = {.fd = fd};
	GElf_Ehdr eh;
	int err = 0;

	elf_version(EV_CURRENT);
	/* ELF_C_READ: a file that is mapped and gets shorter would end us with a SIGBUS. */
	r.elf = elf_begin(fd, ELF_C_READ, NULL);
	if (r.elf && elf_kind(r.elf) == ELF_K_ELF && gelf_getehdr(r.elf, &eh) &&
	    eh.e_ident[EI_CLASS] == ELFCLASS64 && eh.e_machine == EM_X86_64) {
		read_segments(&r);
		err = read_tables(&r);
		if (!err)
			err = take(&r, ret);
	}
	elf_end(r.elf);
	vec_free(&r.found);
	vec_free(&r.cpp);
	return err;
}
