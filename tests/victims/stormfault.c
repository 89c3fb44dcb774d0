/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A page-fault storm: each operation maps 4 MiB, touches it, unmaps it. */
#include "victim.h"

#include <pthread.h>
#include <stdatomic.h>

#define PART (4 * MIB)
#define THREADS_MAX 256

static atomic_bool stop;
static atomic_uint_fast64_t total;
static atomic_int running;
static uint64_t ops_each; /* 0: until stopped */

static void *storm(void *arg)
{
	uint64_t done = 0;

	(void)arg;
	while (!atomic_load_explicit(&stop, memory_order_relaxed) &&
	       (!ops_each || done < ops_each)) {
		char *mem = mmap(NULL, PART, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				 -1, 0);

		if (mem == MAP_FAILED)
			die("mmap: %s", strerror(errno));
		madvise(mem, PART, MADV_NOHUGEPAGE);
		touch_pages(mem, PART);
		munmap(mem, PART);
		done++;
	}
	atomic_fetch_add(&total, done);
	atomic_fetch_sub(&running, 1);
	return NULL;
}

/* SIGTERM and SIGINT end a storm early, with its result. */
static void wait_for_end(uint64_t until_ms)
{
	struct timespec t = {.tv_nsec = 20000000};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	while (atomic_load(&running) && now_ms() < until_ms)
		if (sigtimedwait(&set, NULL, &t) > 0)
			break;
	atomic_store(&stop, true);
}

int main(int argc, char **argv)
{
	uint64_t ops = 0, limit_ms = 10000, n = 1, start;
	const struct victim_option own[] = {
		{"threads", VICTIM_COUNT, &n, "how many threads (1)"},
		{"ops", VICTIM_COUNT, &ops, "operations in all (0: until --seconds)"},
		{"seconds", VICTIM_SECONDS, &limit_ms, "how long at most (10)"},
		{0},
	};
	pthread_t threads[THREADS_MAX];

	victim_init(argc, argv, "stormfault", "Maps, touches and unmaps 4 MiB over and over.", own);
	if (!n || n > THREADS_MAX)
		victim_usage(2, own);
	victim_begin();
	ops_each = (ops + n - 1) / n;
	start = now_ms();
	atomic_store(&running, (int)n);
	for (uint64_t i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, storm, NULL))
			die("cannot start a thread");
	wait_for_end(start + limit_ms);
	for (uint64_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	tell(&(struct truth){.kind = "none",
			     .note = "storm over",
			     .pid = getpid(),
			     .touched = atomic_load(&total) * PART},
	     "\"threads\":%llu,\"ops\":%llu,\"cpu_ns\":%llu,\"wall_ms\":%llu",
	     (unsigned long long)n, (unsigned long long)atomic_load(&total),
	     (unsigned long long)cpu_ns(), (unsigned long long)(now_ms() - start));
	return 0;
}
