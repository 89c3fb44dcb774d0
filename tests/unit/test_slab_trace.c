/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pipes: each has one array of 16 buffers, 640 bytes from a cache of 1024. */
#include "collect/slab_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include <cmocka.h>

#include "skip.h"

#define PIPES 400
#define CACHE_BYTES (PIPES * 1024ull)

static int fds[PIPES][2];

static void open_pipes(void)
{
	for (int i = 0; i < PIPES; i++)
		assert_int_equal(pipe2(fds[i], O_CLOEXEC), 0);
}

static void close_pipes(void)
{
	for (int i = 0; i < PIPES; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
}

static struct slab_trace *open_trace(uint64_t interval)
{
	const struct slab_trace_options o = {.interval = interval, .max_objects = 65536};
	char reason[BPF_REASON_SIZE];
	struct slab_trace *t;
	int err = slab_trace__open(&o, reason, &t);

	if (err == -EPERM || err == -EACCES)
		skip_because("BPF needs root");
	if (err)
		print_error("%s\n", reason);
	assert_int_equal(err, 0);
	return t;
}

/* What this process holds of pipes' buffers. */
static struct slab_holding mine(struct slab_trace *t)
{
	struct slab_holdings list = {};
	struct slab_holding sum = {};

	assert_int_equal(slab_trace__read(t, 0, &list), 0);
	vec_for_each(h, &list) {
		if (h->id.pid != (uint32_t)getpid() || !strstr(h->cache, "-1k"))
			continue;
		sum.live += h->live;
		sum.variance += h->variance;
		sum.samples += h->samples;
		sum.stack = h->stack;
	}
	vec_free(&list);
	return sum;
}

static void test_exact(void **state)
{
	struct slab_trace *t = open_trace(0);
	uint64_t ip[MT_KSTACK_DEPTH];
	struct slab_holding h;
	bool complete = false;

	(void)state;
	open_pipes();
	h = mine(t);
	assert_true(h.live >= CACHE_BYTES && h.live <= CACHE_BYTES + 16 * 1024);
	assert_true(h.samples >= PIPES);
	assert_true(slab_trace__stack(t, h.stack, ip, &complete) > 3);
	assert_true(complete);
	close_pipes();
	h = mine(t);
	assert_true(h.live <= 16 * 1024);
	slab_trace__close(t);
}

static void test_sampled(void **state)
{
	struct slab_trace *t = open_trace(8192);
	struct slab_holding h;

	(void)state;
	open_pipes();
	h = mine(t);
	/* Four standard errors: fails by chance once in 16,000 runs. */
	assert_true(fabs(h.live - CACHE_BYTES) <= 4 * sqrt(h.variance) + 16 * 1024);
	assert_true(h.samples > 10 && h.samples < PIPES);
	close_pipes();
	h = mine(t);
	assert_true(h.live <= 16 * 1024);
	slab_trace__close(t);
}

int main(void)
{
	const struct rlimit files = {4096, 4096};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_sampled),
	};

	setrlimit(RLIMIT_NOFILE, &files);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
