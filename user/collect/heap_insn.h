/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a function a probe is cheap. The kernel runs the instruction under a
 * probe out of line, with a second trap, unless it can emulate it; a probe on
 * the function's own first instruction is several times as dear when that is
 * none of these.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a function that are looked at. */
#define HEAP_INSN_BYTES 96

struct heap_insn_wants {
	unsigned int n_args; /* arguments that must still be in their registers; at most 3 */
	bool on_top;	     /* the return address must be on top of the stack, and the frame
				pointer be the caller's */
};

struct heap_insn {
	uint32_t offset; /* from the function's start */
	bool emulated;	 /* false: the first instruction, whatever it is */
};

/*
 * The first instruction that is always executed when the function is called,
 * finds what is wanted, and is emulated by every kernel from 5.10 on: push, jump,
 * conditional jump, call, nop (arch/x86/kernel/uprobes.c). What cannot be
 * decoded ends the search. Pure.
 */
struct heap_insn heap_insn_choose(const uint8_t *code, size_t n, struct heap_insn_wants wants);
