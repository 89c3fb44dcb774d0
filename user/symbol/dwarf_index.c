/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/dwarf_index.h"

#include <dwarf.h>
#include <errno.h>

#include "base/cleanup.h"
#include "symbol/demangle.h"
#include "symbol/range_map.h"

/* Deeper than any compiler nests; a damaged tree may be deeper. */
#define SCOPE_DEPTH_MAX 32
#define BLOCK_DEPTH_MAX 256
#define INLINE_DEPTH_MAX 64

struct unit {
	Dwarf_Die die;
	bool indexed;
	struct range_map ranges; /* of functions */
	VEC(Dwarf_Die) functions;
};

struct dwarf_index {
	struct range_map ranges; /* of units */
	VEC(struct unit) units;
};

static int add_ranges(struct range_map *m, Dwarf_Die *die, size_t item)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t offset = 0;

	while ((offset = dwarf_ranges(die, offset, &base, &start, &end)) > 0) {
		/* What the linker left out has its code at 0. */
		int err = start ? range_map__add(m, start, end, (uint32_t)item) : 0;

		if (err)
			return err;
	}
	return 0;
}

static int add_units(struct dwarf_index *x, Dwarf *dw)
{
	Dwarf_CU *cu = NULL;
	uint8_t type;
	Dwarf_Die die;

	while (dwarf_get_units(dw, cu, &cu, NULL, &type, &die, NULL) == 0) {
		int err;

		if (type != DW_UT_compile)
			continue;
		err = vec_push(&x->units, (struct unit){.die = die});
		if (!err)
			err = add_ranges(&x->ranges, &die, x->units.n - 1);
		if (err)
			return err;
	}
	range_map__sort(&x->ranges);
	return 0;
}

void dwarf_index__free(struct dwarf_index *x)
{
	if (!x)
		return;
	vec_for_each(u, &x->units) {
		vec_free(&u->ranges);
		vec_free(&u->functions);
	}
	vec_free(&x->units);
	vec_free(&x->ranges);
	free(x);
}

static void free_index(struct dwarf_index **x)
{
	dwarf_index__free(*x);
}

int dwarf_index__new(Dwarf *dw, struct dwarf_index **ret)
{
	_cleanup_(free_index) struct dwarf_index *x = calloc(1, sizeof(*x));
	int err = x ? add_units(x, dw) : -ENOMEM;

	if (err)
		return err;
	*ret = TAKE_PTR(x);
	return 0;
}

/*
 * The next of its siblings. Where it is may be told by an attribute: in a
 * damaged file that can lead back.
 */
static bool next_sibling(Dwarf_Die *die)
{
	Dwarf_Off before = dwarf_dieoffset(die);

	return dwarf_siblingof(die, die) == 0 && dwarf_dieoffset(die) > before;
}

static bool holds_functions(int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type: /* Rust: methods of an enum */
		return true;
	default:
		return false;
	}
}

static int add_functions(struct unit *u, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (depth > SCOPE_DEPTH_MAX || dwarf_child(parent, &die))
		return 0;
	do {
		int tag = dwarf_tag(&die), err = 0;

		if (tag == DW_TAG_subprogram) {
			err = vec_push(&u->functions, die);
			if (!err)
				err = add_ranges(&u->ranges, &die, u->functions.n - 1);
			if (!err && !(u->ranges.n &&
				      u->ranges.v[u->ranges.n - 1].item == u->functions.n - 1))
				u->functions.n--; /* a declaration */
		} else if (holds_functions(tag)) {
			err = add_functions(u, &die, depth + 1);
		}
		if (err)
			return err;
	} while (next_sibling(&die));
	return 0;
}

/* The unit and the function with this address. */
static int find_function(struct dwarf_index *x, uint64_t addr, struct unit **ret_unit,
			 Dwarf_Die *ret)
{
	const struct range *r = range_map__find(&x->ranges, addr);
	struct unit *u;

	if (!r)
		return -ENOENT;
	u = &x->units.v[r->item];
	if (!u->indexed) {
		int err = add_functions(u, &u->die, 0);

		if (err)
			return err;
		range_map__sort(&u->ranges);
		u->indexed = true;
	}
	r = range_map__find(&u->ranges, addr);
	if (!r)
		return -ENOENT;
	*ret_unit = u;
	*ret = u->functions.v[r->item];
	return 0;
}

/* The block or inlined function directly in `parent` that has the address. */
static bool child_at(Dwarf_Die *parent, uint64_t addr, Dwarf_Die *ret)
{
	Dwarf_Die die;

	if (dwarf_child(parent, &die))
		return false;
	do {
		int tag = dwarf_tag(&die);

		if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block) &&
		    dwarf_haspc(&die, addr) > 0) {
			*ret = die;
			return true;
		}
	} while (next_sibling(&die));
	return false;
}

/* The function, what is inlined into it at this address, and so on; how many. */
static size_t inline_chain(Dwarf_Die *function, uint64_t addr, Dwarf_Die chain[INLINE_DEPTH_MAX])
{
	Dwarf_Die at = *function;
	size_t n = 1;

	chain[0] = at;
	for (int depth = 0; depth < BLOCK_DEPTH_MAX && n < INLINE_DEPTH_MAX; depth++) {
		if (!child_at(&at, addr, &at))
			break;
		if (dwarf_tag(&at) == DW_TAG_inlined_subroutine)
			chain[n++] = at;
	}
	return n;
}

static const char *function_name(Dwarf_Die *die, struct strings *strings)
{
	Dwarf_Attribute attr;
	const char *linkage = NULL;
	_cleanup_free_ char *readable = NULL;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attr) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attr))
		linkage = dwarf_formstring(&attr);
	if (linkage)
		readable = demangle(linkage);
	/* A source name is better than a linkage name that nobody can read. */
	return strings__keep(strings, readable ? readable : dwarf_diename(die));
}

static void source_at(struct unit *u, uint64_t addr, struct strings *strings, struct path_frame *f)
{
	Dwarf_Line *line = dwarf_getsrc_die(&u->die, addr);
	int number;

	if (!line || dwarf_lineno(line, &number) || number <= 0)
		return;
	f->file = strings__keep(strings, dwarf_linesrc(line, NULL, NULL));
	f->line = f->file ? (uint32_t)number : 0;
}

/* Where the inlined function was called from. */
static void source_of_call(struct unit *u, Dwarf_Die *inlined, struct strings *strings,
			   struct path_frame *f)
{
	Dwarf_Attribute attr;
	Dwarf_Word file, line;
	Dwarf_Files *files;
	size_t n_files;

	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attr), &file) ||
	    dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attr), &line) ||
	    dwarf_getsrcfiles(&u->die, &files, &n_files) || file >= n_files || !line ||
	    line > UINT32_MAX)
		return;
	f->file = strings__keep(strings, dwarf_filesrc(files, file, NULL, NULL));
	f->line = f->file ? (uint32_t)line : 0;
}

int dwarf_index__frames(struct dwarf_index *x, uint64_t addr, struct strings *strings,
			struct path_frames *frames)
{
	Dwarf_Die chain[INLINE_DEPTH_MAX], function;
	struct unit *u;
	size_t n, n_before = frames->n;
	int err = find_function(x, addr, &u, &function);

	if (err)
		return err;
	n = inline_chain(&function, addr, chain);
	for (size_t i = n; i-- > 0;) {
		struct path_frame f = {.inlined = i > 0};

		f.function = function_name(&chain[i], strings);
		if (i == n - 1)
			source_at(u, addr, strings, &f);
		else
			source_of_call(u, &chain[i + 1], strings, &f);
		if (vec_push(frames, f)) {
			frames->n = n_before;
			return -ENOMEM;
		}
	}
	return 0;
}
