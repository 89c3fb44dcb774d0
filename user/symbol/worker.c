/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "symbol/confine.h"

#define NS_PER_MS 1000000ULL
#define ANSWERS_MAX_BYTES (64UL << 20)

/* --- the child --- */

static void set_limit(int what, uint64_t value)
{
	struct rlimit r;

	if (getrlimit(what, &r))
		return;
	r.rlim_cur = value < r.rlim_max ? value : r.rlim_max;
	setrlimit(what, &r);
}

/* What is mapped already (a parent's tables) is not the child's doing. */
static uint64_t mapped_bytes(void)
{
	char buf[256];
	ssize_t n = read_file_at(AT_FDCWD, "/proc/self/statm", buf, sizeof(buf));
	struct cursor c = {buf, buf + (n > 0 ? n : 0)};
	uint64_t pages;

	return cursor_u64(&c, &pages) ? 0 : pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void limit_child(const struct worker_job *job)
{
	uint64_t memory = job->max_memory_bytes;

	/* No core file of a file's whole content, not through a pipe either. */
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (memory == UINT64_MAX || __builtin_add_overflow(memory, mapped_bytes(), &memory))
		return;
	set_limit(RLIMIT_AS, memory);
}

static void flush(int fd, struct strbuf *b)
{
	size_t at = 0;

	while (at < b->len) {
		ssize_t n = write(fd, b->s + at, b->len - at);

		if (n < 0 && errno != EINTR)
			_exit(0); /* nobody reads any more */
		at += n > 0 ? (size_t)n : 0;
	}
	if (b->failed)
		_exit(ENOMEM);
	b->len = 0;
}

static void put_notes(struct strbuf *b, const struct notes *notes)
{
	for (int i = 0; i < _NOTE_KIND_MAX; i++)
		if (notes->count[i])
			answer_put_note(b, (enum note_kind)i, notes->first[i]);
}

static _Noreturn void child(const struct worker_job *job, int fd)
{
	struct elf_symbols *e = NULL;
	struct notes notes = {0};
	struct strings strings = {0};
	struct path_frames frames = {0};
	struct strbuf b = {0};
	int err;

	limit_child(job);
	confine(fd, true);
	err = elf_symbols__open(job->source, &notes, &e);
	put_notes(&b, &notes);
	flush(fd, &b);
	if (err)
		_exit(err == -ENOMEM ? ENOMEM : 0);
	/* From here on everything is open; what DWARF names may be a device. */
	set_limit(RLIMIT_NOFILE, 0);
	confine(fd, false);
	for (size_t i = 0; i < job->n_todo; i++) {
		uint32_t number = job->todo[i];

		frames.n = 0;
		err = elf_symbols__frames(e, job->addrs[number], &strings, &frames);
		if (err == -ENOMEM)
			_exit(ENOMEM);
		answer_put_frames(&b, number, frames.v, frames.n);
		/* One by one: the next address may be the one it dies of. */
		flush(fd, &b);
	}
	_exit(0);
}

/* --- the parent --- */

/* Reads until the child closes its end; false when it was late or wrote too much. */
static bool read_answers(int fd, uint64_t deadline_ns, struct strbuf *answers)
{
	char buf[16384];

	for (;;) {
		uint64_t now = clock_ns(CLOCK_MONOTONIC);
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (now >= deadline_ns || answers->len > ANSWERS_MAX_BYTES || answers->failed)
			return false;
		if (poll(&p, 1, (int)((deadline_ns - now) / NS_PER_MS + 1)) <= 0)
			continue;
		n = read(fd, buf, sizeof(buf));
		if (n == 0)
			return true;
		if (n > 0)
			strbuf_add(answers, buf, (size_t)n);
		else if (errno != EINTR)
			return true;
	}
}

/* Whether it ended well. */
static bool reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return true; /* SIGCHLD is ignored: nobody knows */
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

int worker_run(const struct worker_job *job, struct strbuf *answers, enum worker_end *ret_end)
{
	_cleanup_close_ int in = -1, out = -1;
	bool whole, well;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	in = fds[0];
	out = fds[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		child(job, out);
	close(TAKE_FD(out));
	whole = read_answers(in, clock_ns(CLOCK_MONOTONIC) + job->max_ns, answers);
	if (!whole)
		kill(pid, SIGKILL);
	well = reap(pid);
	*ret_end = !whole ? WORKER_LATE : well ? WORKER_DONE : WORKER_DIED;
	return answers->failed ? -ENOMEM : 0;
}
