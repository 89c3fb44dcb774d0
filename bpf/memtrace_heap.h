/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire contract of source "heap": blocks of heap allocators. A space is an address space of one
 * process from its start or exec on: a number that is never used again, so that
 * whatever is keyed by it dies with it.
 */
#pragma once

#include "memtrace.h"

enum mt_heap_kind {
	MT_HEAP_MALLOC,	   /* (size), malloc and operator new */
	MT_HEAP_CALLOC,	   /* (n, size) */
	MT_HEAP_ALIGNED,   /* (alignment, size), memalign and aligned_alloc */
	MT_HEAP_POSIX,	   /* posix_memalign(result, alignment, size) */
	MT_HEAP_REALLOC,   /* (block, size) */
	MT_HEAP_REALLOC_N, /* reallocarray(block, n, size) */
	MT_HEAP_FREE,	   /* (block), free and operator delete */
	_MT_HEAP_KIND_MAX,
};

/* Frames of a path; callers beyond them are left out, and the path is marked. */
#define MT_HEAP_DEPTH 128u
#define MT_HEAP_RING_BYTES (8u << 20)
/* Stack in a record from near the begin of a main thread's; a power of two, and no larger than the
 * least --stack-size. */
#define MT_HEAP_SHORT_STACK 2048u

/* Map `heap_procs`, by tgid. */
struct mt_heap_proc {
	__u64 space;
	__u32 heirs; /* who it forks is watched, too */
	__u32 pad;
};

/* Map `heap_control`, one. */
struct mt_heap_control {
	__u64 interval; /* mean bytes between two samples; 0: every block */
	__u32 epoch;	/* of the rules: another one when some are no longer true; never 0 */
	__u32 pad;
};

/* Cookie of a probe, where the kernel can leave a return out (6.13 on): enum mt_heap_kind, and
 * whether the function calls none that is probed. Of those it is done for blocks that are not
 * kept. */
#define MT_HEAP_COOKIE_KIND 0xffu
#define MT_HEAP_COOKIE_LEAF 0x100u
/* Does nothing, at the entry and at the return: what the traps cost. */
#define MT_HEAP_COOKIE_TRIAL 0x200u

/* Slots of `heap_nursery` at most. What is in use of them should fit into a CPU's second level
 * cache: 640 KiB in all. */
#define MT_HEAP_SLOTS_MAX 16384u

/* Keys of `heap_blocks` and `heap_rules`. */
struct mt_heap_at {
	__u64 addr;
	__u64 space;
};

/* A path key with this bit is the number of an mt_heap_stack record; without it, the
 * key of `heap_paths`. 0: the path is lost. */
#define MT_HEAP_PENDING (1ULL << 63)

/* Map `heap_blocks`: what was allocated and not freed yet. */
struct mt_heap_block {
	__u64 path;
	__u64 size;    /* bytes asked for */
	__u64 time_ns; /* CLOCK_BOOTTIME */
};

/* Map `heap_nursery`: a slot's word is the address of its block, with a tag of the space above it
 * and a state below. 0: empty. */
struct mt_heap_slot {
	__u64 word;
	__u64 space;
	struct mt_heap_block block;
};

#define MT_HEAP_SLOT_ADDR 0x0000fffffffffff8ULL
#define MT_HEAP_SLOT_STATE 3ULL
#define MT_HEAP_MOVING 1ULL  /* its block is being put into heap_blocks */
#define MT_HEAP_FREED 2ULL   /* … and was freed before it was out of the slot */
#define MT_HEAP_FILLING 3ULL /* no address: a block is being put into it */

static inline __attribute__((always_inline)) int mt_heap_slot_fits(__u64 addr)
{
	return !(addr & ~MT_HEAP_SLOT_ADDR);
}

static inline __attribute__((always_inline)) __u64 mt_heap_slot_word(__u64 addr, __u64 space)
{
	return addr | (space * 0x9e3779b97f4a7c15ULL & ~0ULL << 48);
}

/* n: slots, a power of two. Neighbours lie beside each other; and so do blocks of many pages, which
 * differ in the upper bits only. A space's lower bits are its tgid. */
static inline __attribute__((always_inline)) __u32 mt_heap_slot_index(__u64 addr, __u64 space,
								      __u32 n)
{
	return (__u32)(addr >> 4 ^ addr >> 18 ^ space) & (n - 1);
}

/* How a frame's caller is found, told by the return address into the frame. */
enum mt_heap_rule_kind {
	MT_RULE_SP,	/* CFA = stack pointer + cfa */
	MT_RULE_BP,	/* CFA = frame pointer + cfa */
	MT_RULE_BP_REF, /* CFA is at frame pointer + cfa: functions that align their stack */
	MT_RULE_END,	/* nobody called it: the path is complete */
	MT_RULE_BROKEN, /* no way to go on from here */
	MT_RULE_TAIL,	/* no return address but the kernel's own, put there when an allocation
			   function was entered that has jumped into another one */
};

/* Value of `heap_rules`. The return address lies below the CFA (x86-64). */
struct mt_heap_rule {
	__u32 kind; /* enum mt_heap_rule_kind */
	__s32 cfa;
	__s32 bp;    /* the caller's frame pointer lies at CFA + bp; 0: it is in its register */
	__u32 epoch; /* in a thread's own copy: when it was looked up */
};

/* A thread's copies of rules, by the return address: its walks meet the same ones. */
#define MT_HEAP_NEAR 32u

/* Words: a read costs what it costs to begin it. A power of two. */
#define MT_HEAP_WINDOW 64u

struct mt_heap_near {
	__u64 addr;
	struct mt_heap_rule rule;
};

/* Value of `heap_paths`: the probed instruction, then return addresses. */
struct mt_heap_path {
	__u64 space;
	__u32 tgid;
	__u32 n;
	__u32 end; /* MT_RULE_END: complete; else MT_RULE_BROKEN */
	__u32 pad;
	__u64 ip[MT_HEAP_DEPTH];
};

/* Map `heap_threads`, by tid: the call it is in, and room for its path. */
struct mt_heap_thread {
	__u64 space;
	__u64 sp; /* where the outermost call found its return address; 0: in none */
	__u64 size;
	__u64 path_key;
	__u64 result;	/* MT_HEAP_POSIX: where the address is put */
	__u64 old_addr; /* of a block that is reallocated */
	struct mt_heap_block old;
	__s64 left; /* bytes until the next sample */
	__u32 kind;
	__u8 keep;	  /* this call's block is to be kept */
	__u8 had_old;	  /* old is a block */
	__u8 started;	  /* left was drawn */
	__u8 guess_wrong; /* once it was believed: no more of them (bpf/heap_guess.bpf.h) */
	__u64 guess;	  /* what this call should return; 0: not known */
	__u64 guess_ip;	  /* of the allocation function */
	__u64 tcache_at;  /* where the address of its lists stands; 0: not found */
	__u32 searches;
	__u32 n_right;	 /* guesses that were compared and right */
	__u32 n_guesses; /* since they are believed */
	__u32 n_decoys;	 /* that were taken for the lists and were not */
	struct mt_heap_path path;
	struct mt_heap_near near[MT_HEAP_NEAR];
	__u64 window_at; /* of the stack: what a walk has read at once */
	__u64 window[MT_HEAP_WINDOW + 1];
};

/* Records of `heap_ring`. */
enum mt_heap_record {
	MT_HEAP_FORK,  /* tgid of the child, its space */
	MT_HEAP_EXEC,  /* tgid, its new space */
	MT_HEAP_EXIT,  /* tgid, the space that is gone */
	MT_HEAP_STACK, /* struct mt_heap_stack */
};

struct mt_heap_event {
	__u64 space;
	__u32 type; /* enum mt_heap_record */
	__u32 tgid;
};

/* A path that led to a return address without a rule: where the walk stands, and the
 * stack from there on. */
struct mt_heap_stack {
	struct mt_heap_event head;
	__u64 number; /* with MT_HEAP_PENDING; the path key of the block */
	__u64 before; /* path key of the call that was entered at the same place; 0: none */
	__u64 sp, bp; /* after the return to the last address in path.ip */
	__u32 stack_bytes;
	__u32 pad;
	struct mt_heap_path path;
	__u8 stack[];
};

enum mt_heap_count {
	MT_HEAP_C_ALLOCS,     /* outermost calls that returned a block */
	MT_HEAP_C_FULL,	      /* blocks without room in heap_blocks … */
	MT_HEAP_C_FULL_BYTES, /* … and their bytes */
	MT_HEAP_C_STALE,      /* addresses given out again whose free was not seen */
	MT_HEAP_C_NO_PATH,    /* blocks whose path ends early: the ring was full */
	MT_HEAP_C_NO_ROOM,    /* blocks whose path found no room in heap_paths */
	MT_HEAP_C_NO_THREAD,  /* calls not seen: no room in heap_threads */
	MT_HEAP_C_NO_PROC,    /* children not watched: no room in heap_procs */
	MT_HEAP_C_MISGUESSED, /* threads with a wrong guess after 32 right ones */
	MT_HEAP_C_NO_EVENT,   /* processes not told of: the ring was full */
	_MT_HEAP_C_MAX,
};

/* Map `heap_cpu`, one a CPU. */
struct mt_heap_cpu {
	__u64 count[_MT_HEAP_C_MAX];
};

/* The key of a path, on both sides: 63 bits of a hash of all its addresses. */
static inline __attribute__((always_inline)) __u64 mt_heap_mix(__u64 h, __u64 word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

static inline __attribute__((always_inline)) __u64 mt_heap_key(__u64 h)
{
	h = (h * 0xbf58476d1ce4e5b9ULL ^ h >> 32) & ~MT_HEAP_PENDING;
	return h ? h : 1;
}

static_assert(sizeof(struct mt_heap_path) == 24 + 8 * MT_HEAP_DEPTH, "");
static_assert(sizeof(struct mt_heap_thread) == 128 + sizeof(struct mt_heap_path) +
						       MT_HEAP_NEAR * sizeof(struct mt_heap_near) +
						       8 * (MT_HEAP_WINDOW + 2),
	      "");
static_assert(sizeof(struct mt_heap_stack) == 56 + sizeof(struct mt_heap_path), "");
