/* SPDX-License-Identifier: GPL-2.0-or-later */
/* struct pt_regs of this architecture. */
#include "collect/unwind_regs.h"

#include "collect/unwind.h"

#if defined(__x86_64__)

enum {
	R15,
	R14,
	R13,
	R12,
	BP,
	BX,
	R11,
	R10,
	R9,
	R8,
	AX,
	CX,
	DX,
	SI,
	DI,
	ORIG_AX,
	IP,
	CS,
	FLAGS,
	SP
};

#define USER_CS_64 0x33

/* DWARF numbers: System V ABI, AMD64 supplement, figure 3.36. */
bool unwind_set_registers(Dwfl_Thread *thread, const struct mt_sample *s)
{
	static const unsigned char order[] = {AX, DX,  CX,  BX,	 SI,  DI,  BP,	SP, R8,
					      R9, R10, R11, R12, R13, R14, R15, IP};
	Dwarf_Word regs[sizeof(order)];

	for (size_t i = 0; i < sizeof(order); i++)
		regs[i] = s->regs[order[i]];
	return dwfl_thread_state_registers(thread, 0, sizeof(order), regs);
}

uint64_t sample_pc(const struct mt_sample *s)
{
	return s->regs[IP];
}

uint64_t sample_sp(const struct mt_sample *s)
{
	return s->regs[SP];
}

uint64_t sample_link(const struct mt_sample *s)
{
	(void)s;
	return 0;
}

bool sample_is_64bit(const struct mt_sample *s)
{
	return (s->regs[CS] & 0xffff) == USER_CS_64;
}

#elif defined(__aarch64__)

#define LR 30
#define SP 31
#define PC 32
#define PSTATE_AARCH32 0x10

bool unwind_set_registers(Dwfl_Thread *thread, const struct mt_sample *s)
{
	Dwarf_Word regs[SP + 1];

	for (int i = 0; i <= SP; i++)
		regs[i] = s->regs[i];
	if (!dwfl_thread_state_registers(thread, 0, SP + 1, regs))
		return false;
	dwfl_thread_state_register_pc(thread, s->regs[PC]);
	return true;
}

uint64_t sample_pc(const struct mt_sample *s)
{
	return s->regs[PC];
}

uint64_t sample_sp(const struct mt_sample *s)
{
	return s->regs[SP];
}

uint64_t sample_link(const struct mt_sample *s)
{
	return s->regs[LR];
}

bool sample_is_64bit(const struct mt_sample *s)
{
	return !(s->regs[PC + 1] & PSTATE_AARCH32);
}

#else
#error "registers of this architecture are not known"
#endif
