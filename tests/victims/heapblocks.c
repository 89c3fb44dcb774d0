/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Heap blocks whose holders and sizes are known to the byte, from functions of
 * their own. `--what`:
 *
 *   churn    a function takes --mib of blocks and frees them all but for what
 *            keeps their pages; then another leaks --count blocks into those pages
 *   family   every allocation function in known proportions, also those that fail
 *   threads  threads that keep blocks and end, one within an allocation's call
 *   children a child that forgets what it got, and frees what its parent got
 *   decoy    with what looks like the lists of glibc's malloc, and is not
 *   handover threads that free each other's blocks, --count at a time, over and over
 *
 * With --then-free a phase follows in which all is freed.
 */
#include "victim.h"

#include <malloc.h>
#include <pthread.h>

#define LEAK_BYTES 240
#define CHURN_BYTES 200
#define FAMILY_TURNS 100

#define FUNCTION __attribute__((noinline, noclone)) static

static const char *what = "churn";
static uint64_t count = 1000;
static bool then_free;

static void **kept;
static size_t n_kept, max_kept;

static void *keep(void *p)
{
	if (!p)
		die("an allocation failed");
	if (n_kept == max_kept)
		die("more blocks than were planned");
	return kept[n_kept++] = p;
}

/* Every call is one of a function that is not the last thing its caller does. */
#define CALL(call)                                                                                 \
	do {                                                                                       \
		call;                                                                              \
		__asm__ volatile("" : : : "memory");                                               \
	} while (0)

/* --- churn --- */

FUNCTION void take_much(char **block, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		CALL(block[i] = malloc(CHURN_BYTES + (i & 31)));
		memset(block[i], 'c', CHURN_BYTES);
	}
}

FUNCTION void keep_leak(size_t n)
{
	for (size_t i = 0; i < n; i++)
		CALL(memset(keep(malloc(LEAK_BYTES)), 'l', LEAK_BYTES));
}

static uint64_t churn(void)
{
	size_t n = victim_bytes() / 256;
	char **block = (char **)map_anon(n * sizeof(*block), MADV_NOHUGEPAGE);

	take_much(block, n);
	for (size_t i = 0; i < n; i++)
		free(block[i]);
	keep_leak(count);
	return count * LEAK_BYTES;
}

/* --- family --- */

FUNCTION void by_malloc(void)
{
	CALL(keep(malloc(100)));
}

FUNCTION void by_calloc(void)
{
	CALL(keep(calloc(10, 20)));
}

FUNCTION void by_realloc(void)
{
	void *p = malloc(50), *grown = realloc(p, 5000);

	CALL(keep(realloc(grown, 300)));
}

/* A size that cannot be had leaves the old block as it is. */
FUNCTION void by_failed_realloc(void)
{
	void *p = malloc(400), *volatile still = p;
	volatile size_t too_much = (size_t)-1 >> 1;

	if (realloc(p, too_much))
		die("a realloc did not fail");
	CALL(keep(still));
}

FUNCTION void by_null_realloc(void)
{
	CALL(keep(realloc(NULL, 500)));
}

FUNCTION void by_aligned_alloc(void)
{
	CALL(keep(aligned_alloc(64, 640)));
}

FUNCTION void by_posix_memalign(void)
{
	void *p = NULL, *none = NULL;

	if (posix_memalign(&p, 128, 700) || !posix_memalign(&none, 3, 700))
		die("posix_memalign");
	CALL(keep(p));
}

FUNCTION void by_memalign(void)
{
	CALL(keep(memalign(32, 800)));
}

FUNCTION void by_reallocarray(void)
{
	CALL(keep(reallocarray(NULL, 9, 100)));
}

FUNCTION void by_nobody(void)
{
	volatile size_t too_much = (size_t)-1 >> 1, zero = 0;
	void *p = malloc(60), *volatile gone = malloc(too_much);

	if (gone || calloc(too_much, 16))
		die("an allocation did not fail");
	CALL(free(p));
	CALL(free(realloc(malloc(70), zero)));
	free(NULL);
}

static uint64_t family(void)
{
	static void (*const functions[])(void) = {
		by_malloc,	 by_calloc,	   by_realloc,	      by_failed_realloc,
		by_null_realloc, by_aligned_alloc, by_posix_memalign, by_memalign,
		by_reallocarray, by_nobody,
	};

	for (int turn = 0; turn < FAMILY_TURNS; turn++)
		for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
			functions[i]();
	return FAMILY_TURNS * (100 + 200 + 300 + 400 + 500 + 640 + 700 + 800 + 900);
}

/* --- threads --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

FUNCTION void *keep_and_end(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10; i++) {
		pthread_mutex_lock(&lock);
		CALL(keep(malloc(1000)));
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static uint64_t threads(void)
{
	for (uint64_t i = 0; i < count; i++) {
		pthread_t t;

		if (pthread_create(&t, NULL, keep_and_end, NULL) || pthread_join(t, NULL))
			die("thread");
	}
	return count * 10 * 1000;
}

/* --- children --- */

FUNCTION void keep_in_child(void)
{
	for (int i = 0; i < 50; i++)
		CALL(keep(malloc(2000)));
}

static pid_t child;

/* Its parent's blocks stay its parent's, whatever it frees. Half a second, as it is watched only
 * some time after the fork. */
static uint64_t children(void)
{
	keep_leak(count);
	child = fork();
	if (child < 0)
		die("fork: %s", strerror(errno));
	if (!child) {
		for (size_t i = 0; i < n_kept; i++)
			free(kept[i]);
		usleep(1500000);
		n_kept = 0;
		keep_in_child();
		victim_hold();
		_exit(0);
	}
	usleep(2500000);
	return count * LEAK_BYTES;
}

/* --- decoy --- */

/* Beside libc's own; a block of the size that its lists have. */
static _Thread_local void **lists;

static uint64_t decoy(void)
{
	static char nowhere[64] __attribute__((aligned(16)));

	lists = malloc(0x280);
	if (!lists)
		die("an allocation failed");
	for (size_t i = 0; i < 0x280 / sizeof(*lists); i++)
		lists[i] = nowhere;
	for (uint64_t i = 0; i < count; i++) /* so that a list of this size has blocks */
		free(malloc(LEAK_BYTES));
	keep_leak(count);
	return count * LEAK_BYTES;
}

/* --- handover --- */

#define HANDOVER_THREADS 4
#define HANDOVER_TURNS 8

/* What a thread puts there another takes, mostly. */
FUNCTION void *hand_over(void *arg)
{
	uint64_t state = 88172645463325252ULL + (uintptr_t)arg;

	for (uint64_t n = HANDOVER_TURNS * count / HANDOVER_THREADS; n; n--) {
		uint64_t r = victim_random(&state);
		size_t size = 16 + (r >> 32) % 500;
		void *old, *new;

		CALL(new = malloc(size));
		if (!new)
			die("an allocation failed");
		*(size_t *)new = size;
		old = __atomic_exchange_n(&kept[r % count], new, __ATOMIC_ACQ_REL);
		CALL(free(old));
	}
	return NULL;
}

static uint64_t handover(void)
{
	pthread_t t[HANDOVER_THREADS];
	uint64_t held = 0;

	for (uintptr_t i = 0; i < HANDOVER_THREADS; i++)
		if (pthread_create(&t[i], NULL, hand_over, (void *)i))
			die("thread");
	for (int i = 0; i < HANDOVER_THREADS; i++)
		pthread_join(t[i], NULL);
	for (uint64_t i = 0; i < count; i++) {
		if (!kept[i])
			continue;
		held += *(size_t *)kept[i];
		kept[n_kept++] = kept[i];
	}
	return held;
}

static const struct {
	const char *name;
	uint64_t (*run)(void);
} modes[] = {
	{"churn", churn},	{"family", family},	{"threads", threads},
	{"children", children}, {"handover", handover}, {"decoy", decoy},
};

static void tell_held(uint64_t held, const char *note)
{
	tell(&(struct truth){.kind = "heap",
			     .note = note,
			     .pid = getpid(),
			     .child = child,
			     .held = held},
	     "\"blocks\":%zu", n_kept);
}

int main(int argc, char **argv)
{
	const struct victim_option own[] = {
		{"what", VICTIM_TEXT, &what,
		 "churn, family, threads, children, handover or decoy (churn)"},
		{"count", VICTIM_COUNT, &count, "blocks, or threads (1000)"},
		{"then-free", VICTIM_FLAG, &then_free, "free all in a second phase"},
		{0},
	};

	victim_init(argc, argv, "heapblocks", "Holds heap blocks of known functions.", own);
	max_kept = count * 10 + 10 * FAMILY_TURNS;
	kept = (void **)map_anon(max_kept * sizeof(*kept), MADV_NOHUGEPAGE);
	victim_begin();
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(what, modes[i].name))
			continue;
		tell_held(modes[i].run(), "held");
		if (then_free) {
			victim_phase();
			while (n_kept)
				free(kept[--n_kept]);
			tell_held(0, "freed");
		}
		victim_hold();
		return 0;
	}
	die("--what %s is none of them", what);
}
