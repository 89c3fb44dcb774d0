/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three functions that leak 70, 20 and 10 % of --mib by malloc, in many steps
 * in turn. Built again by the tests with other flags: so no other file is
 * needed, and the names of the functions are the truth.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>

#include "victim.h"

/* volatile below: one call each, not unrolled into several. */

/* Below malloc's threshold for mappings of their own: from the heap, as most are. */
#define CHUNK (64UL * 1024)

#define SHARES 10 /* a round: 7 + 2 + 1 chunks */

static char **kept;
static size_t n_kept;

__attribute__((noinline)) static void keep(size_t bytes)
{
	char *p = malloc(bytes);

	if (!p)
		die("malloc: %s", strerror(errno));
	memset(p, 'x', bytes);
	kept[__atomic_fetch_add(&n_kept, 1, __ATOMIC_RELAXED)] = p;
}

__attribute__((noinline, noclone)) static void leak_most(void)
{
	for (volatile int i = 0; i < 7; i++)
		keep(CHUNK);
}

__attribute__((noinline, noclone)) static void leak_some(void)
{
	for (volatile int i = 0; i < 2; i++)
		keep(CHUNK);
}

__attribute__((noinline, noclone)) static void leak_little(void)
{
	for (volatile int i = 0; i < 1; i++)
		keep(CHUNK);
}

static void leak(size_t rounds)
{
	while (rounds--) {
		leak_most();
		leak_some();
		leak_little();
	}
}

/* The barriers keep the compiler from making a loop of it. */
__attribute__((noinline, noclone)) static void descend(size_t depth, size_t rounds)
{
	char here[32]; /* frames of a usual size */

	__asm__ volatile("" : : "r"(here) : "memory");
	if (depth)
		descend(depth - 1, rounds);
	else
		leak(rounds);
	__asm__ volatile("" : : : "memory");
}

static void *thread_leak(void *rounds)
{
	leak((size_t)rounds);
	return NULL;
}

static void leak_in_threads(size_t rounds)
{
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, thread_leak, (void *)(rounds / 4)))
			die("pthread_create");
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
}

static void free_all(void)
{
	for (size_t i = 0; i < n_kept; i++)
		free(kept[i]);
	malloc_trim(0);
}

static size_t open_and_leak(const char *library, size_t rounds)
{
	void *lib = dlopen(library, RTLD_NOW);
	void (*fn)(size_t) = lib ? (void (*)(size_t))dlsym(lib, "leak_in_library") : NULL;

	if (!fn)
		die("%s: %s", library, dlerror());
	fn(rounds * SHARES * CHUNK);
	return rounds * SHARES * CHUNK;
}

int main(int argc, char **argv)
{
	const char *library = NULL;
	bool threads = false, then_free = false;
	uint64_t depth = 0;
	const struct victim_option own[] = {
		{"depth", VICTIM_COUNT, &depth, "below so many frames of one function (0)"},
		{"threads", VICTIM_FLAG, &threads, "in four threads"},
		{"library", VICTIM_TEXT, &library, "leak_in_library() of this file does it all"},
		{"then-free", VICTIM_FLAG, &then_free, "and frees everything after a phase"},
		{0},
	};
	size_t rounds, held;

	victim_init(argc, argv, "leakpaths", "Leaks 70, 20 and 10 % in three functions.", own);
	rounds = victim_bytes() / (SHARES * CHUNK);
	held = rounds * SHARES * CHUNK;
	kept = calloc(rounds * SHARES + 1, sizeof(*kept));
	if (!kept)
		die("calloc");
	victim_begin();
	if (library)
		held = open_and_leak(library, rounds);
	else if (threads)
		leak_in_threads(rounds);
	else
		descend(depth, rounds);
	if (then_free) {
		tell(&(struct truth){.kind = "anon", .note = "held", .pid = getpid(), .held = held},
		     NULL);
		victim_phase();
		free_all();
	}
	tell(&(struct truth){.kind = then_free ? "none" : "anon",
			     .note = then_free ? "freed" : "held",
			     .pid = getpid(),
			     .held = then_free ? 0 : held,
			     .touched = held},
	     NULL);
	victim_hold();
	return 0;
}
