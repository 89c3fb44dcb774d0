/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "collect/heap_insn.h"

#define CODE(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

static const struct heap_insn_wants entry = {.n_args = 1, .on_top = true};
static const struct heap_insn_wants only_args = {.n_args = 1};

static void is_at(struct heap_insn got, uint32_t offset)
{
	assert_true(got.emulated);
	assert_int_equal(got.offset, offset);
}

static void is_none(struct heap_insn got)
{
	assert_false(got.emulated);
	assert_int_equal(got.offset, 0);
}

static void the_first_one_if_it_can_be_emulated(void **state)
{
	is_at(heap_insn_choose(CODE(0x55), entry), 0);			    /* push rbp */
	is_at(heap_insn_choose(CODE(0x41, 0x54), entry), 0);		    /* push r12 */
	is_at(heap_insn_choose(CODE(0xe9, 1, 2, 3, 4), entry), 0);	    /* jmp */
	is_at(heap_insn_choose(CODE(0xeb, 2), entry), 0);		    /* jmp */
	is_at(heap_insn_choose(CODE(0xe8, 1, 2, 3, 4), entry), 0);	    /* call */
	is_at(heap_insn_choose(CODE(0x74, 7), entry), 0);		    /* je */
	is_at(heap_insn_choose(CODE(0x0f, 0x85, 0x8a, 0, 0, 0), entry), 0); /* jne */
	is_at(heap_insn_choose(CODE(0x90), entry), 0);			    /* nop */
}

static void behind_what_leaves_the_arguments_alone(void **state)
{
	/* glibc's free: test rdi, rdi; je */
	is_at(heap_insn_choose(CODE(0x48, 0x85, 0xff, 0x0f, 0x84, 0xbf, 0, 0, 0), entry), 3);
	/* glibc's posix_memalign: cmp byte [rip + x], 0; push r12 */
	is_at(heap_insn_choose(CODE(0x80, 0x3d, 1, 2, 0x14, 0, 0, 0x41, 0x54), entry), 7);
	/* endbr64; push rbp */
	is_at(heap_insn_choose(CODE(0xf3, 0x0f, 0x1e, 0xfa, 0x55), entry), 4);
	/* jemalloc's free: mov rax, rdi; mov rdx, [rip + x]; mov rcx, rdi; shr rax, 26;
	 * and rcx, imm; and eax, imm; add rax, fs:[0]; add rax, rdx; cmp [rax + x], rcx; jne */
	is_at(heap_insn_choose(CODE(0x48, 0x89, 0xf8, 0x48, 0x8b, 0x15, 0x0e, 0x53, 0x0a, 0, 0x48,
				    0x89, 0xf9, 0x48, 0xc1, 0xe8, 0x1a, 0x48, 0x81, 0xe1, 0, 0, 0,
				    0xc0, 0x25, 0xf0, 0, 0, 0, 0x64, 0x48, 0x03, 0x04, 0x25, 0, 0,
				    0, 0, 0x48, 0x01, 0xd0, 0x48, 0x3b, 0x88, 0xb0, 1, 0, 0, 0x0f,
				    0x85, 0x8a, 0, 0, 0),
			       entry),
	      48);
	/* movabs rax, imm64; movzx eax, byte [rsi + r8 * 4 + 16]; test byte [rax], 1; push rbx */
	is_at(heap_insn_choose(CODE(0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 0x42, 0x0f, 0xb6, 0x44,
				    0x86, 0x10, 0xf6, 0x00, 0x01, 0x53),
			       entry),
	      19);
}

static void not_behind_what_changes_them(void **state)
{
	is_none(heap_insn_choose(CODE(0x48, 0x89, 0xf7, 0x55), entry)); /* mov rdi, rsi */
	is_none(heap_insn_choose(CODE(0xbf, 1, 0, 0, 0, 0x55), entry)); /* mov edi, 1 */
	is_none(heap_insn_choose(CODE(0x31, 0xff, 0x55), entry));	/* xor edi, edi */
	is_none(heap_insn_choose(CODE(0x83, 0xef, 1, 0x55), entry));	/* sub edi, 1 */
	is_none(heap_insn_choose(CODE(0x8d, 0x7f, 1, 0x55), entry));	/* lea edi, [rdi + 1] */
	is_none(heap_insn_choose(CODE(0x48, 0x0f, 0x44, 0xfe, 0x55), entry)); /* cmove rdi, rsi */
	/* mul rsi writes rdx, the third argument */
	is_none(heap_insn_choose(CODE(0x48, 0xf7, 0xe6, 0x55),
				 ((struct heap_insn_wants){.n_args = 3, .on_top = true})));
	is_at(heap_insn_choose(CODE(0x48, 0xf7, 0xe6, 0x55), entry), 3);
	/* to memory at rdi is not to rdi, and r15 is not rdi */
	is_at(heap_insn_choose(CODE(0x48, 0x89, 0x37, 0x55), entry), 3);
	is_at(heap_insn_choose(CODE(0x49, 0x89, 0xff, 0x55), entry), 3);
	/* cmp rdi, imm */
	is_at(heap_insn_choose(CODE(0x48, 0x81, 0xff, 0, 0x10, 0, 0, 0x77, 5), entry), 7);
}

static void the_stack_counts_only_where_it_is_looked_at(void **state)
{
	is_none(heap_insn_choose(CODE(0x48, 0x83, 0xec, 0x18, 0x74, 1), entry)); /* sub rsp */
	is_at(heap_insn_choose(CODE(0x48, 0x83, 0xec, 0x18, 0x74, 1), only_args), 4);
	is_none(heap_insn_choose(CODE(0x48, 0x89, 0xe5, 0x74, 1), entry)); /* mov rbp, rsp */
}

static void what_is_unknown_or_cut_ends_the_search(void **state)
{
	is_none(heap_insn_choose(CODE(0x0f, 0x05, 0x55), entry));	/* syscall */
	is_none(heap_insn_choose(CODE(0xc5, 0xf8, 0x77, 0x55), entry)); /* AVX */
	is_none(heap_insn_choose(CODE(0xff, 0x25, 1, 2, 3, 4), entry)); /* jmp [rip + x] */
	is_none(heap_insn_choose(CODE(0xc3, 0x55), entry));		/* ret */
	is_none(heap_insn_choose(CODE(0x66, 0x50), entry));		/* push ax */
	is_none(heap_insn_choose(CODE(0x48, 0x50), entry));		/* REX.W push */
	is_none(heap_insn_choose(CODE(0x48, 0x81, 0xff, 0), entry));	/* cut */
	is_none(heap_insn_choose(CODE(0xe9, 1), entry));		/* cut */
	is_none(heap_insn_choose((const uint8_t *)"", 0, entry));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_one_if_it_can_be_emulated),
		cmocka_unit_test(behind_what_leaves_the_arguments_alone),
		cmocka_unit_test(not_behind_what_changes_them),
		cmocka_unit_test(the_stack_counts_only_where_it_is_looked_at),
		cmocka_unit_test(what_is_unknown_or_cut_ends_the_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
