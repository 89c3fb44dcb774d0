/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What glibc's malloc is about to return, told before it does: the trap of its return, a fifth of
 * what an allocation costs, is spared.
 *
 * A thread keeps freed blocks of each size in lists of its own (malloc/malloc.c, tcache, since
 * 2.26); where the list of a size has one, malloc takes the first and nothing else. The lists are
 * found by their form: in the static TLS of the thread, below its pointer, stands the address of a
 * block as large as struct tcache_perthread_struct (2.30 to 2.41). That it is them is not believed
 * but tried: guesses are compared with what malloc returns until many in a row were right, and one
 * of many later on. One that is wrong then is the thread's last.
 */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "heap_walk.bpf.h"

#ifdef MT_HEAP_SESSION
#define TLS_WORDS MT_HEAP_WINDOW
#define TCACHE_CHUNK 0x290ULL /* size of its chunk; the lower three bits are flags */
#define CHUNK_FLAGS 7ULL
#define TCACHE_BINS 64
#define TCACHE_ENTRIES (2 * TCACHE_BINS) /* offset: behind 16-bit counts */
#define CHUNK_MIN 32ULL
#define CHUNK_HEAD 8ULL
#define CHUNK_ALIGN 16ULL

#define GUESS_TRIED 32	 /* right in a row before one is believed */
#define GUESS_CHECKED 64 /* one in so many is compared later on */
#define SEARCHES_MAX 16	 /* the lists come with a thread's first free block */

struct thread_struct___tls {
	unsigned long fsbase;
} __attribute__((preserve_access_index));

struct task_struct___tls {
	struct thread_struct___tls thread;
} __attribute__((preserve_access_index));

struct tls_search {
	struct mt_heap_thread *t;
	__u64 start;
	__u32 skip; /* what was taken for the lists before, and was not */
};

/* From the thread's pointer down: the program's own variables, then those of its libraries. */
static long look_at_tls_word(__u32 i, struct tls_search *s)
{
	__u32 word = TLS_WORDS - 1 - i;
	__u64 at = s->t->window[word & (TLS_WORDS - 1)], size = 0;

	if (!at || at % CHUNK_ALIGN || at >> 47)
		return 0;
	if (bpf_probe_read_user(&size, sizeof(size), (void *)at - CHUNK_HEAD) ||
	    (size & ~CHUNK_FLAGS) != TCACHE_CHUNK)
		return 0;
	if (s->skip) {
		s->skip--;
		return 0;
	}
	s->t->tcache_at = s->start + word * sizeof(__u64);
	return 1;
}

/* Uses the window, which each walk fills anew. */
static __always_inline void find_tcache(struct mt_heap_thread *t)
{
	struct task_struct___tls *task = (void *)bpf_get_current_task();
	struct tls_search s = {.t = t, .skip = t->n_decoys};

	t->searches++;
	t->window_at = 0;
	s.start = BPF_CORE_READ(task, thread.fsbase) - TLS_WORDS * sizeof(__u64);
	if (!bpf_probe_read_user(t->window, TLS_WORDS * sizeof(__u64), (void *)s.start))
		bpf_loop(TLS_WORDS, look_at_tls_word, &s, 0);
}

/* The block that malloc(size) at this address is going to return; 0: not known. */
static __always_inline __u64 guess_block(struct mt_heap_thread *t, __u64 ip, __u64 size)
{
	__u64 chunk = (size + CHUNK_HEAD + CHUNK_ALIGN - 1) & ~(CHUNK_ALIGN - 1), bin, addr = 0;

	if (t->guess_ip != ip) { /* another copy of the library has lists of its own */
		t->guess_ip = ip;
		t->tcache_at = 0;
		t->searches = t->n_right = t->n_decoys = 0;
	}
	bin = chunk > CHUNK_MIN ? (chunk - CHUNK_MIN) / CHUNK_ALIGN : 0;
	/* The largest has the last bin. */
	if (t->guess_wrong || size > TCACHE_BINS * CHUNK_ALIGN)
		return 0;
	if (!t->tcache_at && t->searches < SEARCHES_MAX)
		find_tcache(t);
	/* The lists are gone when a thread ends, and their address before them. */
	if (!t->tcache_at || bpf_probe_read_user(&addr, sizeof(addr), (void *)t->tcache_at) ||
	    !addr ||
	    bpf_probe_read_user(&addr, sizeof(addr),
				(void *)addr + TCACHE_ENTRIES + bin * sizeof(addr)))
		return 0;
	return addr % CHUNK_ALIGN ? 0 : addr;
}

/* True: the return need not be waited for. */
static __always_inline bool believe_guess(struct mt_heap_thread *t)
{
	return t->guess && t->n_right >= GUESS_TRIED && t->n_guesses++ % GUESS_CHECKED;
}

static __always_inline void check_guess(struct mt_heap_thread *t, __u64 addr)
{
	if (!t->guess)
		return;
	if (t->guess == addr) {
		t->n_right++;
	} else if (t->n_right >= GUESS_TRIED) {
		t->guess_wrong = 1;
		count(MT_HEAP_C_MISGUESSED, 1);
	} else {
		t->n_decoys++;
		t->n_right = 0;
		t->tcache_at = 0;
	}
	t->guess = 0;
}
#else
static __always_inline __u64 guess_block(struct mt_heap_thread *t, __u64 ip, __u64 size)
{
	return 0;
}

static __always_inline bool believe_guess(struct mt_heap_thread *t)
{
	return false;
}

static __always_inline void check_guess(struct mt_heap_thread *t, __u64 addr)
{
}
#endif
