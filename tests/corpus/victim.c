/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs of known behaviour for the real corpus (record.sh). A mode name,
 * then its numbers. What each one truly does is its label: see programs.tsv.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static uint64_t seed = 88172645463325252ULL;

static double uniform(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (double)(seed >> 11) / 9007199254740992.0;
}

static void *touch(size_t bytes)
{
	char *p = malloc(bytes);

	if (!p)
		abort();
	memset(p, 1, bytes);
	return p;
}

static void nap(double s)
{
	struct timespec t = {(time_t)s, (long)((s - (double)(time_t)s) * 1e9)};

	nanosleep(&t, NULL);
}

/* Allocations of random size in `slots` places: the heap's own unrest. */
static void churn(void **slot, int slots, int times, size_t max)
{
	for (int i = 0; i < times; i++) {
		int k = (int)(uniform() * slots);

		free(slot[k]);
		slot[k] = touch(16 + (size_t)(uniform() * uniform() * (double)max));
	}
}

/* Keeps kib_min KiB a minute in pieces of `piece` bytes, beside churn when asked. */
static void drip(double kib_min, size_t piece, int churn_slots)
{
	void **slot = calloc((size_t)churn_slots + 1, sizeof(*slot));
	double owed = 0;

	for (;;) {
		for (owed += kib_min * 1024 / 300; owed >= (double)piece; owed -= (double)piece)
			touch(piece);
		if (churn_slots)
			churn(slot, churn_slots, churn_slots / 5, 8192);
		nap(0.2);
	}
}

/* bytes lost at once, at random moments `mean_s` apart on average. */
static void bursts(double kib, double mean_s, int regular)
{
	for (;;) {
		nap(regular ? mean_s : mean_s * 2 * uniform());
		touch((size_t)(kib * 1024));
	}
}

/* Fills to `mib`, frees all but `keep_kib` of it, again and again. */
static void teeth(double mib, double period_s, double keep_kib)
{
	size_t piece = 16 * 1024, n = (size_t)(mib * 64);
	char **v = calloc(n, sizeof(*v));

	for (;;) {
		for (size_t i = 0; i < n; i++) {
			v[i] = mmap(NULL, piece, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			memset(v[i], 1, piece);
			if (i % 16 == 15)
				nap(period_s * 16 / (double)n);
		}
		for (size_t i = 0; i < n; i++)
			munmap(v[i], piece);
		if (keep_kib > 0)
			touch((size_t)(keep_kib * 1024));
	}
}

/* Touches random pages of a map: an exponential warm-up with no end but the map's. */
static void warmup(double mib, double tau_s)
{
	size_t pages = (size_t)(mib * 256);
	char *m = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	for (;;) {
		for (int i = 0; i < (int)((double)pages / tau_s / 5) + 1; i++)
			m[(size_t)(uniform() * (double)pages) * 4096] = 1;
		nap(0.2);
	}
}

/* A bounded cache: entries of random size, the oldest goes when it is full. */
static void cache(double entries, double per_s, size_t max)
{
	size_t n = (size_t)entries;
	void **v = calloc(n, sizeof(*v));

	for (size_t i = 0;; i++) {
		free(v[i % n]);
		v[i % n] = touch(64 + (size_t)(uniform() * (double)max));
		if (i % 16 == 15)
			nap(16 / per_s);
	}
}

/* A walk that is pulled back to its mean, by whole pages given back. */
static void walk(double mib, double pull)
{
	size_t pages = (size_t)(mib * 256), have = pages / 2;
	char *m = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	memset(m, 1, have * 4096);
	for (;;) {
		double step = (uniform() - 0.5) * (double)pages / 16 +
			      pull * ((double)pages / 2 - (double)have);
		double to = (double)have + step;
		size_t want = to < 1 ? 1 : to > (double)pages ? pages : (size_t)to;

		if (want > have)
			memset(m + have * 4096, 1, (want - have) * 4096);
		else
			madvise(m + want * 4096, (have - want) * 4096, MADV_DONTNEED);
		have = want;
		nap(2);
	}
}

/* A job of `mib` every `period_s`, that runs for a fifth of it. */
static void job(double mib, double period_s)
{
	size_t bytes = (size_t)(mib * 1048576);

	for (;;) {
		char *m;

		nap(period_s * 0.8);
		m = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(m, 1, bytes);
		nap(period_s * 0.2);
		munmap(m, bytes);
	}
}

/* One step up by mib at `at_s`, flat before and after. */
static void step(double mib, double at_s)
{
	nap(at_s);
	touch((size_t)(mib * 1048576));
	for (;;)
		pause();
}

/* A high-water mark: requests of random size into a buffer that only grows. */
static void ratchet(double mib, double per_min)
{
	size_t have = 4096;
	char *p = touch(have);

	for (;;) {
		size_t want = (size_t)(mib * 1048576 * uniform());

		if (want > have) {
			p = realloc(p, want);
			memset(p + have, 1, want - have);
			have = want;
		}
		nap(60 / per_min * 2 * uniform());
	}
}

/* A few requests a second, each forgetting kib with chance p, the rest freed at once. */
static void forgetful(double kib, double p, double per_s)
{
	for (;;) {
		void *m = touch((size_t)(kib * 1024));

		if (uniform() >= p)
			free(m);
		nap(1 / per_s);
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	double a = argc > 2 ? atof(argv[2]) : 1, b = argc > 3 ? atof(argv[3]) : 1;
	double c = argc > 4 ? atof(argv[4]) : 0;

	seed ^= (uint64_t)(a * 7919 + b * 104729 + c * 1299709);
	if (!strcmp(mode, "drip"))
		drip(a, (size_t)b, (int)c);
	if (!strcmp(mode, "bursts"))
		bursts(a, b, c > 0);
	if (!strcmp(mode, "teeth"))
		teeth(a, b, c);
	if (!strcmp(mode, "warmup"))
		warmup(a, b);
	if (!strcmp(mode, "cache"))
		cache(a, b, (size_t)c);
	if (!strcmp(mode, "walk"))
		walk(a, b);
	if (!strcmp(mode, "job"))
		job(a, b);
	if (!strcmp(mode, "step"))
		step(a, b);
	if (!strcmp(mode, "ratchet"))
		ratchet(a, b);
	if (!strcmp(mode, "forgetful"))
		forgetful(a, b, c);
	if (!strcmp(mode, "idle"))
		for (;;)
			pause();
	fprintf(stderr, "unknown mode '%s'\n", mode);
	return 2;
}
