/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/alert_command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cli/helper.h"
#include "sink/alert_json.h"

#define NS_PER_S 1000000000ull
#define TIME_LIMIT_NS (60 * NS_PER_S)

/* The alert as a file at its beginning: a program that does not read it holds up nobody. */
static int make_input(const struct alert *a)
{
	_cleanup_close_ int fd = memfd_create("memtrace-alert", MFD_CLOEXEC);
	_cleanup_fclose_ FILE *out = NULL;
	int copy, err;

	if (fd < 0)
		return -errno;
	copy = dup(fd);
	out = copy < 0 ? NULL : fdopen(copy, "w");
	if (!out) {
		err = -errno;
		if (copy >= 0)
			close(copy);
		return err;
	}
	err = alert_json(a, out);
	if (!err && lseek(fd, 0, SEEK_SET) < 0)
		err = -errno;
	return err ? err : TAKE_FD(fd);
}

static int start(const char *program, int input, pid_t *ret)
{
	char *argv[] = {(char *)program, NULL};
	posix_spawn_file_actions_t actions;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	err = helper_spawn(argv, &actions, ret);
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

void alert_command__run(struct alert_command *c, const struct alert *a, uint64_t now_ns)
{
	_cleanup_close_ int input = -1;
	int err, slot = 0;
	pid_t pid;

	if (!c->program)
		return;
	while (slot < ALERT_COMMANDS && c->running[slot].pid)
		slot++;
	if (slot == ALERT_COMMANDS) {
		c->n_skipped++;
		return;
	}
	input = make_input(a);
	err = input < 0 ? input : start(c->program, input, &pid);
	if (err) {
		if (!c->n_failed++)
			log_warning_errno(err, "--on-alert cannot be run");
		return;
	}
	c->running[slot].pid = pid;
	c->running[slot].deadline_ns = now_ns + TIME_LIMIT_NS;
}

unsigned int alert_command__reap(struct alert_command *c, uint64_t now_ns)
{
	unsigned int n = 0;

	for (int i = 0; i < ALERT_COMMANDS; i++) {
		int status = 0;
		pid_t pid = c->running[i].pid;

		if (!pid)
			continue;
		if (waitpid(pid, &status, WNOHANG) == 0) {
			n++;
			if (now_ns >= c->running[i].deadline_ns)
				kill(-pid, SIGKILL);
			continue;
		}
		c->running[i].pid = 0;
		if (status && !c->n_failed++)
			log_warning("--on-alert: the program ended with %s %d",
				    WIFSIGNALED(status) ? "signal" : "exit status",
				    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	return n;
}

int alert_command__limits(const struct alert_command *c, struct limits *l)
{
	int err = 0;

	if (c->n_skipped)
		err = limits__set(l, "alert_programs_skipped", c->n_skipped,
				  "alerts that --on-alert's program was not run for: %d were "
				  "running already",
				  ALERT_COMMANDS);
	if (c->n_failed)
		err = limits__set(l, "alert_programs_failed", c->n_failed,
				  "runs of --on-alert's program that failed")
			      ?: err;
	return err;
}
