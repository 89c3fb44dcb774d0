/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86-64 instructions as far as compilers begin functions with them: lengths, and which general
 * registers they write (Intel SDM volume 2, appendix A: opcode maps). */
#include "collect/heap_insn.h"

enum { AX, CX, DX, BX, SP, BP, SI, DI };

#define REG(r) (1u << (r))

enum form {
	F_UNKNOWN,
	F_PLAIN,    /* no operand bytes, writes nothing we follow */
	F_READ,	    /* ModRM; writes no general register */
	F_TO_RM,    /* ModRM; writes r/m */
	F_TO_REG,   /* ModRM; writes reg */
	F_GROUP3,   /* ModRM; test has an immediate, mul and div write AX and DX */
	F_TO_OP,    /* writes the register in the opcode */
	F_TO_AX,    /* writes AX */
	F_TO_DX,    /* writes DX */
	F_EMULATED, /* push, jumps, call, nop */
};

/* Immediate bytes that follow. */
enum imm {
	I_NONE,
	I_8,
	I_32,	/* 16 with an operand size prefix */
	I_FULL, /* 64 with REX.W */
};

struct op {
	uint8_t first, last;
	uint8_t form, imm;
};

static const struct op one_byte[] = {
	{0x50, 0x57, F_EMULATED, I_NONE},				 /* push */
	{0x63, 0x63, F_TO_REG, I_NONE},					 /* movsxd */
	{0x69, 0x69, F_TO_REG, I_32},					 /* imul */
	{0x6b, 0x6b, F_TO_REG, I_8},	  {0x70, 0x7f, F_EMULATED, I_8}, /* jcc */
	{0x80, 0x80, F_TO_RM, I_8}, /* add … cmp, immediate */
	{0x81, 0x81, F_TO_RM, I_32},	  {0x83, 0x83, F_TO_RM, I_8},
	{0x84, 0x85, F_READ, I_NONE},					  /* test */
	{0x88, 0x89, F_TO_RM, I_NONE},					  /* mov */
	{0x8a, 0x8b, F_TO_REG, I_NONE},	  {0x8d, 0x8d, F_TO_REG, I_NONE}, /* lea */
	{0x90, 0x90, F_EMULATED, I_NONE},				  /* nop */
	{0x98, 0x98, F_TO_AX, I_NONE},	  {0x99, 0x99, F_TO_DX, I_NONE},
	{0xa8, 0xa8, F_PLAIN, I_8},					 /* test */
	{0xa9, 0xa9, F_PLAIN, I_32},	  {0xb8, 0xbf, F_TO_OP, I_FULL}, /* mov */
	{0xc0, 0xc1, F_TO_RM, I_8},					 /* shifts */
	{0xc6, 0xc6, F_TO_RM, I_8},					 /* mov */
	{0xc7, 0xc7, F_TO_RM, I_32},	  {0xd0, 0xd3, F_TO_RM, I_NONE},
	{0xe8, 0xe9, F_EMULATED, I_32}, /* call, jmp */
	{0xeb, 0xeb, F_EMULATED, I_8},	  {0xf6, 0xf7, F_GROUP3, I_NONE},
};

static const struct op two_byte[] = {
	{0x10, 0x18, F_READ, I_NONE},					/* SSE moves, prefetch */
	{0x1e, 0x1f, F_READ, I_NONE},					/* endbr64, nop */
	{0x28, 0x29, F_READ, I_NONE},	{0x40, 0x4f, F_TO_REG, I_NONE}, /* cmov */
	{0x54, 0x59, F_READ, I_NONE},	{0x6c, 0x6d, F_READ, I_NONE},
	{0x6e, 0x6f, F_READ, I_NONE},	{0x7f, 0x7f, F_READ, I_NONE},
	{0x80, 0x8f, F_EMULATED, I_32}, /* jcc */
	{0x90, 0x9f, F_TO_RM, I_NONE},	/* setcc */
	{0xa3, 0xa3, F_READ, I_NONE},	/* bt */
	{0xaf, 0xaf, F_TO_REG, I_NONE}, /* imul */
	{0xb6, 0xb7, F_TO_REG, I_NONE}, /* movzx */
	{0xbe, 0xbf, F_TO_REG, I_NONE}, /* movsx */
	{0xef, 0xef, F_READ, I_NONE},
};

struct insn {
	uint32_t length;
	uint32_t written; /* bits of registers */
	bool emulated;
};

struct reader {
	const uint8_t *p, *end;
	bool failed;
};

static uint8_t next(struct reader *r)
{
	if (r->p < r->end)
		return *r->p++;
	r->failed = true;
	return 0;
}

static void skip(struct reader *r, size_t n)
{
	if ((size_t)(r->end - r->p) < n)
		r->failed = true;
	else
		r->p += n;
}

#define FIND(table, opcode) find(table, sizeof(table) / sizeof((table)[0]), opcode)

static const struct op *find(const struct op *table, size_t n, uint8_t opcode)
{
	static const struct op unknown = {0, 0, F_UNKNOWN, I_NONE};

	for (size_t i = 0; i < n; i++)
		if (opcode >= table[i].first && opcode <= table[i].last)
			return &table[i];
	return &unknown;
}

/* 00 to 3f: eight operations with the same six forms; cmp, the last, writes nothing. */
static struct op arithmetic(uint8_t opcode)
{
	static const struct op forms[8] = {
		{0, 0, F_TO_RM, I_NONE},   {0, 0, F_TO_RM, I_NONE},   {0, 0, F_TO_REG, I_NONE},
		{0, 0, F_TO_REG, I_NONE},  {0, 0, F_TO_AX, I_8},      {0, 0, F_TO_AX, I_32},
		{0, 0, F_UNKNOWN, I_NONE}, {0, 0, F_UNKNOWN, I_NONE},
	};
	struct op op = forms[opcode & 7];

	if (opcode >= 0x38 && op.form != F_UNKNOWN)
		op.form = op.form == F_TO_AX ? F_PLAIN : F_READ;
	return op;
}

struct modrm {
	unsigned int mod, reg, rm;
};

static struct modrm read_modrm(struct reader *r, uint8_t rex)
{
	uint8_t byte = next(r), sib;
	struct modrm m = {byte >> 6, (byte >> 3 & 7) | (rex & 4) << 1, (byte & 7) | (rex & 1) << 3};

	if (m.mod == 3)
		return m;
	if ((byte & 7) == 4) {
		sib = next(r);
		if (m.mod == 0 && (sib & 7) == 5)
			skip(r, 4);
	} else if (m.mod == 0 && (byte & 7) == 5) {
		skip(r, 4); /* relative to the instruction pointer */
	}
	skip(r, m.mod == 1 ? 1 : m.mod == 2 ? 4 : 0);
	return m;
}

/* cmp among the immediate operations writes nothing. */
static bool is_immediate_cmp(uint8_t opcode, const struct modrm *m)
{
	return opcode >= 0x80 && opcode <= 0x83 && (m->reg & 7) == 7;
}

static void read_operands(struct reader *r, const struct op *op, uint8_t opcode, uint8_t rex,
			  struct insn *ret)
{
	struct modrm m;

	switch (op->form) {
	case F_TO_OP:
		ret->written = REG((opcode & 7) | (rex & 1) << 3);
		return;
	case F_TO_AX:
		ret->written = REG(AX);
		return;
	case F_TO_DX:
		ret->written = REG(DX);
		return;
	case F_PLAIN:
	case F_EMULATED:
		return;
	}
	m = read_modrm(r, rex);
	if (op->form == F_TO_REG)
		ret->written = REG(m.reg);
	else if (op->form == F_TO_RM && m.mod == 3 && !is_immediate_cmp(opcode, &m))
		ret->written = REG(m.rm);
	if (op->form != F_GROUP3)
		return;
	if ((m.reg & 7) < 2)
		skip(r, opcode & 1 ? 4 : 1);
	else if ((m.reg & 7) >= 4)
		ret->written = REG(AX) | REG(DX);
	else if (m.mod == 3)
		ret->written = REG(m.rm);
}

static size_t imm_bytes(const struct op *op, bool narrow, uint8_t rex)
{
	switch (op->imm) {
	case I_8:
		return 1;
	case I_32:
		return narrow ? 2 : 4;
	case I_FULL:
		return rex & 8 ? 8 : narrow ? 2 : 4;
	}
	return 0;
}

static bool is_prefix(uint8_t b)
{
	return b == 0x66 || b == 0xf2 || b == 0xf3 || b == 0x2e || b == 0x3e || b == 0x64 ||
	       b == 0x65;
}

/* false: not known, or cut. */
static bool decode(const uint8_t *code, size_t n, struct insn *ret)
{
	struct reader r = {code, code + n, false};
	uint8_t rex = 0, b = next(&r);
	bool narrow = false, prefixed = false;
	struct op op;

	*ret = (struct insn){0};
	for (; is_prefix(b) && !r.failed; b = next(&r)) {
		narrow |= b == 0x66;
		prefixed = true;
	}
	if ((b & 0xf0) == 0x40) {
		rex = b;
		b = next(&r);
	}
	if (b == 0x0f) {
		b = next(&r);
		op = *FIND(two_byte, b);
	} else {
		op = b < 0x40 ? arithmetic(b) : *FIND(one_byte, b);
	}
	if (op.form == F_UNKNOWN || r.failed)
		return false;
	/* A group 3 test with an operand size prefix has a short immediate. */
	if (op.form == F_GROUP3 && narrow)
		return false;
	read_operands(&r, &op, b, rex, ret);
	skip(&r, imm_bytes(&op, narrow, rex));
	/* Of prefixes the kernel takes REX.B of a push alone. */
	ret->emulated = op.form == F_EMULATED && !prefixed && (!rex || rex == 0x41);
	ret->length = (uint32_t)(r.p - code);
	/* One that is not ours to emulate goes elsewhere, or moves the stack. */
	return !r.failed && (op.form != F_EMULATED || ret->emulated);
}

static uint32_t wanted_registers(struct heap_insn_wants w)
{
	static const uint8_t args[] = {DI, SI, DX};
	uint32_t bits = w.on_top ? REG(SP) | REG(BP) : 0;

	for (unsigned int i = 0; i < w.n_args && i < sizeof(args); i++)
		bits |= REG(args[i]);
	return bits;
}

struct heap_insn heap_insn_choose(const uint8_t *code, size_t n, struct heap_insn_wants wants)
{
	uint32_t keep = wanted_registers(wants), at = 0;
	struct insn i;

	while (at < n && at < HEAP_INSN_BYTES && decode(code + at, n - at, &i)) {
		if (i.emulated)
			return (struct heap_insn){at, true};
		if (i.written & keep)
			break;
		at += i.length;
	}
	return (struct heap_insn){0, false};
}
