/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/rss_exact.h"
#include "collect/smaps.h"
#include "collect/tasks.h"

#define N_ROUNDS 9
#define N_TRIES 500

struct fixture {
	int root_fd;
	struct task_source *source;
	struct task_list list;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	f->root_fd = open("/", O_RDONLY | O_DIRECTORY);
	return f->root_fd < 0 || tasks_proc__open(f->root_fd, &f->source);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	f->source->close(f->source);
	task_list__free(&f->list);
	close(f->root_fd);
	free(f);
	return 0;
}

static const struct proc_sample *see_self(struct fixture *f)
{
	assert_int_equal(f->source->read(f->source, &f->list), 0);
	for (size_t i = 0; i < f->list.n; i++)
		if (f->list.v[i].id.pid == (uint32_t)getpid())
			return &f->list.v[i];
	fail();
	return NULL;
}

/* smaps_rollup counts page table entries: exact on every kernel. */
static uint64_t mapped_anon(const struct fixture *f, const struct proc_sample *p)
{
	struct smaps_sample smaps;

	assert_int_equal(smaps_rollup_read(f->root_fd, p->id, &smaps), 0);
	return smaps.pss_anon;
}

/* A list that grows, a page that khugepaged or reclaim takes: only a reading during which the
 * pages stayed as they are says something. */
static bool quiet_round(struct fixture *f, volatile char *page, bool *is_equal)
{
	const struct proc_sample *p = see_self(f);
	uint64_t before;

	*page = 1;
	before = mapped_anon(f, p);
	p = see_self(f);
	*is_equal = before == p->value[PROC_ANON];
	return before == mapped_anon(f, p);
}

static void answer_is_true(void **state)
{
	struct fixture *f = *state;
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, N_TRIES * page_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int n_equal = 0, n_quiet = 0;

	assert_ptr_not_equal(pages, MAP_FAILED);
	madvise(pages, N_TRIES * page_size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < N_TRIES && n_quiet < N_ROUNDS; i++) {
		bool is_equal;

		if (!quiet_round(f, pages + i * page_size, &is_equal))
			continue;
		n_quiet++;
		n_equal += is_equal;
	}
	munmap(pages, N_TRIES * page_size);
	assert_int_equal(n_quiet, N_ROUNDS);
	/* Parts of a counter happen to be zero together, now and then. */
	assert_int_equal(rss_is_exact(f->root_fd), n_equal > N_ROUNDS / 2);
}

static void answer_marks_values(void **state)
{
	const uint32_t counters = 1U << PROC_RSS | 1U << PROC_ANON | 1U << PROC_FILE |
				  1U << PROC_SHMEM | 1U << PROC_SWAP;
	struct fixture *f = *state;
	int is_exact = rss_is_exact(f->root_fd);
	struct limits l = {0};

	assert_true(is_exact == 0 || is_exact == 1);
	for (int i = 0; i < 20; i++)
		assert_int_equal(rss_is_exact(f->root_fd), is_exact);
	assert_int_equal(see_self(f)->approx, is_exact ? 0 : counters);
	assert_int_equal(f->source->limits(f->source, &l), 0);
	assert_int_equal(limits__find(&l, "rss_approximate") != NULL, !is_exact);
	limits__free(&l);
}

static void not_our_proc(void **state)
{
	int fd = open("tests/fixtures/proc/normal", O_RDONLY | O_DIRECTORY);

	assert_int_equal(rss_is_exact(fd), -ENOENT);
	close(fd);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answer_is_true),
		TEST(answer_marks_values),
		cmocka_unit_test(not_our_proc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
