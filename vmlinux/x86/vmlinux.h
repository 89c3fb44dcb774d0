/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "../core.h"

/* Page frame number in a page table entry: bits 12 to 51. The encryption bit
 * of SME/SEV guests lies inside that range and is cleared by the range check
 * against the owner table: such entries count as unknown. */
#define MT_PTE_PFN_MASK 0x000ffffffffff000ULL

/* struct pt_regs in words: r15 … r8 ax cx dx si di orig_ax ip cs flags sp ss. */
#define MT_PT_REGS 21
#define MT_PT_REG_SP 19
#define MT_PT_REG_IP 16
#define MT_PT_REG_BP 4
#define MT_PT_REG_RESULT 10
#define MT_PT_REG_ARG1 14
#define MT_PT_REG_ARG2 13
#define MT_PT_REG_ARG3 12
