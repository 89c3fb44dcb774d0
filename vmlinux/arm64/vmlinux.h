/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "../core.h"

/* Output address of a page table entry with 4 KiB granule, 48 bits. */
#define MT_PTE_PFN_MASK 0x0000fffffffff000ULL

/* struct user_pt_regs in words: x0 … x30 sp pc pstate. */
#define MT_PT_REGS 34
#define MT_PT_REG_SP 31
#define MT_PT_REG_IP 32
#define MT_PT_REG_BP 29
#define MT_PT_REG_RESULT 0
#define MT_PT_REG_ARG1 0
#define MT_PT_REG_ARG2 1
#define MT_PT_REG_ARG3 2
