/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/recording.h"

#define NS_PER_S 1000000000ull
#define MAX_BYTES (1u << 20)

int helper_spawn(char *const argv[], const posix_spawn_file_actions_t *actions, pid_t *ret)
{
	posix_spawnattr_t attr;
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	err = -posix_spawnp(ret, argv[0], actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	return err;
}

static int spawn_it(char *const argv[], int out, bool merge_stderr, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (merge_stderr)
		posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	else
		posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	err = helper_spawn(argv, &actions, ret);
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

int helper__start(struct helper *h, char *const argv[], bool merge_stderr)
{
	int pipes[2], err;

	if (h->pid)
		return -EBUSY;
	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	h->text.len = 0;
	h->text.failed = h->cut = h->hung = false;
	if (!h->max_bytes)
		h->max_bytes = MAX_BYTES;
	err = spawn_it(argv, pipes[1], merge_stderr, &h->pid);
	close(pipes[1]);
	if (err) {
		close(pipes[0]);
		h->pid = 0;
		return err;
	}
	h->out = pipes[0];
	return 0;
}

static void take_output(struct helper *h)
{
	char buf[16384];
	ssize_t n;

	while ((n = read(h->out, buf, sizeof(buf))) > 0) {
		if (h->text.len + (size_t)n > h->max_bytes)
			h->cut = true;
		else
			strbuf_add(&h->text, buf, (size_t)n);
	}
}

int helper__poll(struct helper *h, uint64_t now_ns, int *ret_status)
{
	int status;

	take_output(h);
	if (waitpid(h->pid, &status, WNOHANG) == 0) {
		if (now_ns < h->deadline_ns)
			return 0;
		/* One in an uninterruptible wait is left to it: its end is collected later. */
		if (!h->hung)
			kill(-h->pid, SIGKILL);
		h->hung = true;
		return 0;
	}
	take_output(h);
	close(h->out);
	h->pid = 0;
	*ret_status = status;
	return 1;
}

void helper__end(struct helper *h)
{
	int status;

	if (h->pid) {
		kill(-h->pid, SIGKILL);
		close(h->out);
		for (int i = 0; i < 100 && waitpid(h->pid, &status, WNOHANG) == 0; i++)
			usleep(10000);
	}
	h->pid = 0;
	strbuf_free(&h->text);
}

int helper__run(struct helper *h, char *const argv[], unsigned int seconds, int *ret_status)
{
	int err;

	h->deadline_ns = mono_ns() + seconds * NS_PER_S;
	err = helper__start(h, argv, true);
	if (err)
		return err;
	while (!helper__poll(h, mono_ns(), ret_status)) {
		struct pollfd p = {.fd = h->out, .events = POLLIN};

		if (h->hung && mono_ns() > h->deadline_ns + NS_PER_S)
			return -ETIMEDOUT;
		/* The pipe's end comes a moment before the program's: no spinning on it. */
		if (poll(&p, 1, 100) > 0 && p.revents & POLLHUP)
			usleep(1000);
	}
	return h->hung ? -ETIMEDOUT : 0;
}
