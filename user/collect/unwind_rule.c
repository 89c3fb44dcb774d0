/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unwind_rule.h"

#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

/* DWARF numbers: System V ABI, AMD64 supplement, figure 3.36. */
enum { DWARF_BP = 6, DWARF_SP = 7, DWARF_RA = 16 };

static const struct mt_heap_rule broken = {.kind = MT_RULE_BROKEN};

/* Code without frame information: by its frame pointer, as libdwfl does it for pages. Runtimes that
 * make their code themselves (V8's built-in functions) keep one; of others what is read must lie
 * above, and be the address of code that is known. */
static const struct mt_heap_rule by_frame_pointer = {
	.kind = MT_RULE_BP,
	.cfa = 2 * sizeof(uint64_t),
	.bp = -2 * (int32_t)sizeof(uint64_t),
};

static Dwarf_Frame *frame_at(const struct unwind_space *u, uint64_t pc)
{
	Dwfl_Module *mod = unwind_space__module(u, pc);
	Dwarf_Frame *frame = NULL;
	Dwarf_Addr bias;
	Dwarf_CFI *cfi;

	if (!mod)
		return NULL;
	cfi = dwfl_module_eh_cfi(mod, &bias);
	if (cfi && !dwarf_cfi_addrframe(cfi, pc - bias, &frame))
		return frame;
	cfi = dwfl_module_dwarf_cfi(mod, &bias);
	return cfi && !dwarf_cfi_addrframe(cfi, pc - bias, &frame) ? frame : NULL;
}

static bool fits(Dwarf_Word offset)
{
	return (int64_t)offset == (int32_t)offset;
}

static bool set_cfa(Dwarf_Frame *frame, struct mt_heap_rule *ret)
{
	Dwarf_Op *ops;
	size_t n;

	if (dwarf_frame_cfa(frame, &ops, &n))
		return false;
	if (n == 1 && ops[0].atom == DW_OP_bregx && fits(ops[0].number2) &&
	    (ops[0].number == DWARF_SP || ops[0].number == DWARF_BP)) {
		ret->kind = ops[0].number == DWARF_SP ? MT_RULE_SP : MT_RULE_BP;
		ret->cfa = (int32_t)ops[0].number2;
		return true;
	}
	/* GCC's for a function that aligns its stack. */
	if (n == 2 && ops[0].atom == DW_OP_breg0 + DWARF_BP && ops[1].atom == DW_OP_deref &&
	    fits(ops[0].number)) {
		ret->kind = MT_RULE_BP_REF;
		ret->cfa = (int32_t)ops[0].number;
		return true;
	}
	return false;
}

enum place { PLACE_SAME, PLACE_NOWHERE, PLACE_SAVED, PLACE_OTHER };

/* Where the caller's value of a register is; ret_offset: from the CFA. */
static enum place place_of(Dwarf_Frame *frame, int reg, int64_t *ret_offset)
{
	Dwarf_Op mem[3], *ops;
	size_t n;

	if (dwarf_frame_register(frame, reg, mem, &ops, &n))
		return PLACE_OTHER;
	if (!n)
		return ops ? PLACE_NOWHERE : PLACE_SAME;
	if (ops[0].atom != DW_OP_call_frame_cfa)
		return PLACE_OTHER;
	*ret_offset = n > 1 ? (int64_t)ops[1].number : 0;
	if (n == 1 || (n == 2 && ops[1].atom == DW_OP_plus_uconst))
		return PLACE_SAVED;
	return PLACE_OTHER;
}

static struct mt_heap_rule rule_of(Dwarf_Frame *frame)
{
	struct mt_heap_rule rule = {};
	int64_t ra = 0, bp = 0;
	enum place place;
	bool is_signal;

	if (dwarf_frame_info(frame, NULL, NULL, &is_signal) != DWARF_RA || is_signal)
		return broken;
	place = place_of(frame, DWARF_RA, &ra);
	if (place == PLACE_NOWHERE)
		return (struct mt_heap_rule){.kind = MT_RULE_END};
	if (place != PLACE_SAVED || ra != -(int64_t)sizeof(uint64_t) || !set_cfa(frame, &rule))
		return broken;
	place = place_of(frame, DWARF_BP, &bp);
	if (place == PLACE_OTHER || (place == PLACE_SAVED && (!bp || !fits((Dwarf_Word)bp))))
		return broken;
	rule.bp = place == PLACE_SAVED ? (int32_t)bp : 0;
	return rule;
}

struct mt_heap_rule unwind_rule(const struct unwind_space *u, uint64_t pc)
{
	/* A return address may be one past the function's end: within the call. */
	Dwarf_Frame *frame;
	struct mt_heap_rule rule;

	if (unwind_space__is_trampoline(u, pc))
		return (struct mt_heap_rule){.kind = MT_RULE_TAIL};
	frame = frame_at(u, pc - 1);
	rule = frame ? rule_of(frame) : by_frame_pointer;
	if ((!frame || rule.kind == MT_RULE_BROKEN) && unwind_space__is_start(u, pc))
		rule.kind = MT_RULE_END;
	free(frame);
	return rule;
}

static bool read_word(const struct mt_heap_stack *s, uint64_t base, uint64_t addr, uint64_t *ret)
{
	uint64_t at = addr - base;

	if (addr < base || at + sizeof(*ret) > s->stack_bytes || at + sizeof(*ret) < at)
		return false;
	memcpy(ret, s->stack + at, sizeof(*ret));
	return true;
}

/* One frame up. false: that cannot be. */
static bool step(struct mt_heap_stack *s, uint64_t base, const struct mt_heap_rule *rule)
{
	uint64_t cfa = (rule->kind == MT_RULE_SP ? s->sp : s->bp) + (uint64_t)(int64_t)rule->cfa;
	uint64_t pc, bp = s->bp;

	if (rule->kind == MT_RULE_BP_REF && !read_word(s, base, cfa, &cfa))
		return false;
	if (cfa <= s->sp || !read_word(s, base, cfa - sizeof(pc), &pc))
		return false;
	if (rule->bp && !read_word(s, base, cfa + (uint64_t)(int64_t)rule->bp, &bp))
		return false;
	s->path.ip[s->path.n++] = pc;
	s->bp = bp;
	s->sp = cfa;
	return true;
}

void unwind_by_rules(struct mt_heap_stack *s, unwind_rule_fn *rule, void *arg)
{
	uint64_t base = s->sp;

	s->path.end = MT_RULE_BROKEN;
	while (s->path.n && s->path.n <= MT_HEAP_DEPTH) {
		struct mt_heap_rule r = rule(arg, s->path.ip[s->path.n - 1]);

		if (r.kind == MT_RULE_END)
			s->path.end = MT_RULE_END;
		if (r.kind >= MT_RULE_END || s->path.n == MT_HEAP_DEPTH || !step(s, base, &r))
			return;
	}
}
