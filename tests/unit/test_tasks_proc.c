/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect/pid.h"
#include "collect/tasks.h"

#define KIB 1024ULL
#define BIT(value) (1U << (value))

struct fixture {
	int root_fd;
	struct task_source *source;
	struct task_list list;
};

static int open_source(void **state, const char *root)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	f->root_fd = open(root, O_RDONLY | O_DIRECTORY);
	return f->root_fd < 0 || tasks_proc__open(f->root_fd, &f->source);
}

static int normal(void **state)
{
	return open_source(state, "tests/fixtures/proc/normal");
}

static int nasty(void **state)
{
	return open_source(state, "tests/fixtures/proc/nasty");
}

static int machine(void **state)
{
	return open_source(state, "/");
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

static const struct proc_sample *find(const struct fixture *f, uint32_t pid)
{
	for (size_t i = 0; i < f->list.n; i++)
		if (f->list.v[i].id.pid == pid)
			return &f->list.v[i];
	return NULL;
}

/* Reads, and gives this process's row. */
static const struct proc_sample *see(struct fixture *f, uint32_t pid)
{
	assert_int_equal(f->source->read(f->source, &f->list), 0);
	return find(f, pid);
}

static uint64_t limit_count(const struct fixture *f, const char *kind)
{
	struct limits l = {0};
	const struct limit *found;
	uint64_t count;

	assert_int_equal(f->source->limits(f->source, &l), 0);
	found = limits__find(&l, kind);
	count = found ? found->count : 0;
	limits__free(&l);
	return count;
}

static const uint32_t all_values = BIT(_PROC_VALUE_MAX) - 1;

static void usual(void **state)
{
	struct fixture *f = *state;
	const struct proc_sample *p = see(f, 500);

	assert_string_equal(f->source->name, "/proc");
	assert_int_equal(f->list.n, 4);
	for (size_t i = 1; i < f->list.n; i++)
		assert_true(f->list.v[i - 1].id.pid < f->list.v[i].id.pid);

	assert_int_equal(p->id.start_ticks, 54321);
	assert_int_equal(p->ppid, 1);
	assert_int_equal(p->uid, 1000);
	assert_string_equal(p->comm, "app worker");
	assert_int_equal(p->state, 'S');
	assert_int_equal(p->flags, 0);
	assert_int_equal(p->known, all_values);
	assert_int_equal(p->approx, 0);
	assert_int_equal(p->value[PROC_RSS], 3584 * KIB);
	assert_int_equal(p->value[PROC_ANON], 2048 * KIB);
	assert_int_equal(p->value[PROC_FILE], 1024 * KIB);
	assert_int_equal(p->value[PROC_SHMEM], 512 * KIB);
	assert_int_equal(p->value[PROC_SWAP], 64 * KIB);
	assert_int_equal(p->value[PROC_VSZ], 5447680);
	assert_int_equal(p->value[PROC_HEAP], 0);
	assert_int_equal(p->value[PROC_PAGE_TABLE], 80 * KIB);
	assert_int_equal(p->value[PROC_FDS], 7);
	assert_int_equal(p->value[PROC_THREADS], 3);
	assert_null(p->cgroup);
	assert_false(p->end.ended);

	p = find(f, 1);
	assert_int_equal(p->value[PROC_HEAP], 0x21000);
	assert_int_equal(p->value[PROC_FDS], 3);
	assert_int_equal(limit_count(f, "proc_unreadable"), 0);
	assert_int_equal(limit_count(f, "proc_gone_while_read"), 0);
}

static void kernel_threads(void **state)
{
	struct fixture *f = *state;
	const struct proc_sample *p = see(f, 57);

	assert_int_equal(p->flags, PROC_KTHREAD);
	assert_int_equal(p->known, BIT(PROC_THREADS));
	assert_int_equal(p->value[PROC_THREADS], 1);
	assert_string_equal(p->comm, "kworker/0:1H");
	assert_int_equal(find(f, 2)->flags, PROC_KTHREAD);
}

static void left_out_and_counted(void **state)
{
	static const uint32_t missing[] = {11, 13, 14, 18, 21, 1, 0};
	static const uint32_t there[] = {10, 12, 15, 16, 17, 19, 20, 22};
	struct fixture *f = *state;

	see(f, 0);
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
		assert_null(find(f, missing[i]));
	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
		assert_non_null(find(f, there[i]));
	assert_int_equal(f->list.n, sizeof(there) / sizeof(there[0]));
	assert_int_equal(limit_count(f, "proc_unreadable"), 4);	     /* 11 13 18 21 */
	assert_int_equal(limit_count(f, "proc_gone_while_read"), 1); /* 14 has no status */
	see(f, 0);
	assert_int_equal(limit_count(f, "proc_unreadable"), 8);	  /* running total */
	assert_int_equal(limit_count(f, "proc_heap_unknown"), 2); /* 19 22: of one reading */
}

static void nasty_values(void **state)
{
	struct fixture *f = *state;
	const struct proc_sample *p = see(f, 10);

	assert_string_equal(p->comm, "a) (b\n");
	assert_int_equal(p->known, all_values);
	p = find(f, 12);
	assert_true(p->id.start_ticks == UINT64_MAX);
	assert_int_equal(p->known, all_values & ~(BIT(PROC_FILE) | BIT(PROC_RSS)));
	p = find(f, 16); /* a zombie holds nothing, and nothing is what is known */
	assert_int_equal(p->state, 'Z');
	assert_int_equal(p->known, BIT(PROC_THREADS));
	p = find(f, 19);
	assert_int_equal(p->known, all_values & ~BIT(PROC_HEAP));
	p = find(f, 20);
	assert_int_equal(p->known, all_values & ~(BIT(PROC_HEAP) | BIT(PROC_FDS) | BIT(PROC_SWAP) |
						  BIT(PROC_PAGE_TABLE)));
	p = find(f, 22);
	assert_int_equal(p->known, all_values & ~BIT(PROC_HEAP));
	assert_string_equal(p->comm, "xxxxxxxxxxxxxxx");
}

static void leader_gone_threads_alive(void **state)
{
	struct fixture *f = *state;
	const struct proc_sample *p = see(f, 17);

	assert_string_equal(p->comm, "leader");
	assert_int_equal(p->id.start_ticks, 170);
	assert_int_equal(p->uid, 1000);
	assert_int_equal(p->state, 'S');
	assert_int_equal(p->known, all_values);
	assert_int_equal(p->value[PROC_ANON], 4000 * KIB);
	assert_int_equal(p->value[PROC_THREADS], 2);
	assert_int_equal(p->value[PROC_FDS], 4);
	assert_int_equal(p->value[PROC_HEAP], 0x21000);
}

static void no_proc(void **state)
{
	struct task_source *source = NULL;
	int fd = open("tests/unit", O_RDONLY | O_DIRECTORY);

	assert_int_equal(tasks_proc__open(fd, &source), -ENOENT);
	assert_null(source);
	close(fd);
}

/* --- this machine's /proc ------------------------------------------------------------------ */

static void self(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, few;
	const struct proc_sample *p = see(f, (uint32_t)getpid());
	struct pid_stat stat;
	int fds[3];

	assert_non_null(p);
	assert_int_equal(pid_stat_read(f->root_fd, (uint32_t)getpid(), &stat), 0);
	assert_int_equal(p->id.start_ticks, stat.start_ticks);
	assert_int_equal(p->ppid, getppid());
	assert_int_equal(p->uid, getuid());
	assert_int_equal(p->known & (BIT(PROC_RSS) | BIT(PROC_HEAP) | BIT(PROC_FDS)),
			 BIT(PROC_RSS) | BIT(PROC_HEAP) | BIT(PROC_FDS));
	assert_int_equal(p->value[PROC_RSS],
			 p->value[PROC_ANON] + p->value[PROC_FILE] + p->value[PROC_SHMEM]);
	for (int i = 0; i < 3; i++)
		fds[i] = dup(f->root_fd);
	{
		uint64_t before = p->value[PROC_FDS];

		assert_int_equal(see(f, (uint32_t)getpid())->value[PROC_FDS], before + 3);
	}
	for (int i = 0; i < 3; i++)
		close(fds[i]);

	/* Out of descriptors: an error of the reading, not an empty machine. */
	getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	few.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &few);
	assert_int_equal(f->source->read(f->source, &f->list), -EMFILE);
	setrlimit(RLIMIT_NOFILE, &old);
	see(f, 0);
	assert_true(f->list.n > 1);
}

static void *sleep_forever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

#define N_PAGES 3000

/* A child that says what it did through a pipe, and waits. */
static pid_t spawn(void (*act)(void), int *ret_ready)
{
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		act();
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		sleep_forever(NULL);
	}
	close(ready[1]);
	*ret_ready = ready[0];
	return pid;
}

static void await(int ready)
{
	char c;

	assert_int_equal(read(ready, &c, 1), 1);
	close(ready);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void act_memory(void)
{
	size_t size = N_PAGES * (size_t)sysconf(_SC_PAGESIZE);
	char *anon = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;

	madvise(anon, size, MADV_NOHUGEPAGE);
	memset(anon, 1, size);
	memset(shared, 1, size);
	pthread_create(&thread, NULL, sleep_forever, NULL);
	pthread_create(&thread, NULL, sleep_forever, NULL);
	/* A comm that could end the field, the line and the reading. */
	prctl(PR_SET_NAME, "a) R 1 (\n");
}

static void child_memory(void **state)
{
	struct fixture *f = *state;
	uint64_t bytes = N_PAGES * (uint64_t)sysconf(_SC_PAGESIZE);
	const struct proc_sample *p;
	int ready;
	pid_t pid = spawn(act_memory, &ready);

	await(ready);
	p = see(f, (uint32_t)pid);
	assert_non_null(p);
	assert_string_equal(p->comm, "a) R 1 (\n");
	assert_int_equal(p->ppid, getpid());
	assert_int_equal(p->value[PROC_THREADS], 3);
	assert_true(p->value[PROC_ANON] >= bytes && p->value[PROC_VSZ] > 2 * bytes);
	assert_true(p->value[PROC_SHMEM] >= bytes && p->value[PROC_SHMEM] < bytes * 2);
	assert_true(p->value[PROC_PAGE_TABLE] > 0);
	end(pid);
	assert_null(see(f, (uint32_t)pid));
}

static void act_heap(void)
{
	/* By hand: malloc() of a sanitizer does not use the heap. */
	if (sbrk(1 << 20) == (void *)-1)
		_exit(1);
}

static void child_heap(void **state)
{
	struct fixture *f = *state;
	uint64_t before = see(f, (uint32_t)getpid())->value[PROC_HEAP];
	int ready;
	pid_t pid = spawn(act_heap, &ready);

	await(ready);
	assert_int_equal(see(f, (uint32_t)pid)->value[PROC_HEAP], before + (1 << 20));
	end(pid);
}

static void *leaderless_thread(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char path[64], state_text[512];

	/* Tells when the leader is a zombie. */
	snprintf(path, sizeof(path), "/proc/%d/stat", getpid());
	for (;;) {
		int stat_fd = open(path, O_RDONLY);
		ssize_t n = read(stat_fd, state_text, sizeof(state_text) - 1);

		close(stat_fd);
		state_text[n > 0 ? n : 0] = '\0';
		if (strstr(state_text, ") Z "))
			break;
		usleep(1000);
	}
	if (write(fd, "x", 1) != 1)
		_exit(1);
	return sleep_forever(NULL);
}

static void child_without_leader(void **state)
{
	struct fixture *f = *state;
	const struct proc_sample *p;
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		pthread_t thread;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&thread, NULL, leaderless_thread, (void *)(intptr_t)ready[1]);
		syscall(SYS_exit, 0); /* this thread alone */
	}
	close(ready[1]);
	await(ready[0]);
	p = see(f, (uint32_t)pid);
	assert_non_null(p);
	assert_int_equal(p->value[PROC_THREADS], 2);
	assert_true(p->known & BIT(PROC_ANON));
	assert_true(p->value[PROC_ANON] > 0 && p->value[PROC_VSZ] > p->value[PROC_RSS]);
	assert_int_not_equal(p->state, 'Z');
	end(pid);
}

static void act_nothing(void)
{
}

static void zombie(void **state)
{
	struct fixture *f = *state;
	const struct proc_sample *p;
	siginfo_t info;
	int ready;
	pid_t pid = spawn(act_nothing, &ready);

	await(ready);
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	p = see(f, (uint32_t)pid);
	assert_non_null(p);
	assert_int_equal(p->state, 'Z');
	assert_int_equal(p->known, BIT(PROC_THREADS));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Reading while processes come and go by the hundred: nothing but what is complete. */
static void churn(void **state)
{
	struct fixture *f = *state;
	pid_t storm = fork();

	if (!storm) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGCHLD, SIG_IGN);
		for (;;)
			if (!fork())
				_exit(0);
			else
				usleep(200);
	}
	for (int i = 0; i < 30; i++) {
		assert_non_null(see(f, (uint32_t)getpid()));
		for (size_t j = 0; j < f->list.n; j++) {
			const struct proc_sample *p = &f->list.v[j];

			assert_true(p->id.pid > 0 && p->state);
			assert_true(j == 0 || p[-1].id.pid < p->id.pid);
			if (p->known & BIT(PROC_RSS))
				assert_true(p->value[PROC_VSZ] > 0);
		}
	}
	end(storm);
	assert_int_equal(limit_count(f, "proc_unreadable"), 0);
}

#define TEST(fn, setup) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(usual, normal),
		TEST(kernel_threads, normal),
		TEST(left_out_and_counted, nasty),
		TEST(nasty_values, nasty),
		TEST(leader_gone_threads_alive, nasty),
		cmocka_unit_test(no_proc),
		TEST(self, machine),
		TEST(child_memory, machine),
		TEST(child_heap, machine),
		TEST(child_without_leader, machine),
		TEST(zombie, machine),
		TEST(churn, machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
