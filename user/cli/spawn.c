/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "cli/rusage.h"

/* 5.9; the number is the same on every architecture. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* (uid_t)-1 and (gid_t)-1 mean "leave it" to the kernel: no ids. */
#define ID_MAX (UINT32_MAX - 1)

/* NGROUPS_MAX of Linux. */
#define GROUPS_MAX 65536

#define EXIT_NOT_RUN 127 /* as shells have it; seen by nobody but a tracer */

/* What the child says, over the socket that exec closes. */
enum stage {
	STAGE_WAITING, /* ids are set, exec is next */
	STAGE_EXEC,    /* sent before exec: without it, an end of file is a death while waiting */
	STAGE_IDS_FAILED,
	STAGE_EXEC_FAILED,
};

struct report_line {
	int32_t stage;
	int32_t err; /* errno */
};

struct spawn {
	pid_t pid;
	int fd;	    /* our end of the socket; -1 after release */
	char *name; /* argv[0] */
	bool reaped;
	int status;
	struct rusage cost; /* when reaped */
};

/* Whom to run as. */
struct identity {
	bool change;
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* owned */
	int n_groups;
};

static void cleanup_identity(struct identity *id)
{
	free(id->groups);
}

static void cleanup_spawn(struct spawn **s)
{
	spawn__free(*s);
}

/* --- whom to run as ----------------------------------------------------------------------------*/

static int read_id(const char *name, uint32_t *ret)
{
	const char *text = getenv(name);
	uint32_t id;

	if (!text) {
		log_error("%s is not set beside SUDO_UID: not running the command as root", name);
		return -EINVAL;
	}
	if (parse_u32(text, &id) || id > ID_MAX) {
		log_error("%s is '%s', which is no id: not running the command as root", name,
			  text);
		return -EINVAL;
	}
	*ret = id;
	return 0;
}

/* A user that is in no database has his one group. */
static int read_groups(struct identity *id)
{
	const struct passwd *pw = getpwuid(id->uid);
	int room = 32;

	for (;; room *= 2) {
		_cleanup_free_ gid_t *groups = calloc((size_t)room, sizeof(*groups));
		int n = room;

		if (!groups)
			return log_error_errno(ENOMEM, "cannot read the groups of user %u",
					       id->uid);
		if (!pw) {
			groups[0] = id->gid;
			n = 1;
		} else if (getgrouplist(pw->pw_name, id->gid, groups, &n) < 0) {
			if (room >= GROUPS_MAX)
				return log_error_errno(E2BIG, "cannot read the groups of user %u",
						       id->uid);
			continue;
		}
		id->groups = TAKE_PTR(groups);
		id->n_groups = n;
		return 0;
	}
}

static int read_identity(struct identity *ret)
{
	int err;

	if (geteuid() != 0 || !getenv("SUDO_UID"))
		return 0;
	err = read_id("SUDO_UID", &ret->uid);
	if (!err)
		err = read_id("SUDO_GID", &ret->gid);
	if (!err)
		err = read_groups(ret);
	ret->change = !err;
	return err;
}

/* --- the child: no output, no allocation -------------------------------------------------------*/

static void reset_signals(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig <= SIGRTMAX; sig++)
		sigaction(sig, &dfl, NULL); /* fails for KILL, STOP and libc's own: as it should */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_range_or_each(unsigned int first, unsigned int last)
{
	long max;

	if (first > last || !syscall(SYS_close_range, first, last, 0))
		return;
	max = sysconf(_SC_OPEN_MAX);
	for (unsigned int fd = first; fd <= last && (long)fd < max; fd++)
		close((int)fd);
}

static void close_all_but(int fd)
{
	unsigned int keep = (unsigned int)fd;

	if (fd <= STDERR_FILENO) {
		close_range_or_each(STDERR_FILENO + 1, ~0u);
		return;
	}
	close_range_or_each(STDERR_FILENO + 1, keep - 1);
	close_range_or_each(keep + 1, ~0u);
}

/* 0 or errno. */
static int take_identity(const struct identity *id)
{
	if (!id->change)
		return 0;
	if (setgroups((size_t)id->n_groups, id->groups) || setresgid(id->gid, id->gid, id->gid) ||
	    setresuid(id->uid, id->uid, id->uid))
		return errno;
	/* There must be no way back. */
	return id->uid && !setuid(0) ? EPERM : 0;
}

static void say(int fd, enum stage stage, int err)
{
	struct report_line line = {.stage = stage, .err = err};

	while (send(fd, &line, sizeof(line), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static bool wait_for_release(int fd)
{
	char go;
	ssize_t n;

	do
		n = read(fd, &go, 1);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

static void __attribute__((noreturn))
run_child(char *const argv[], const struct identity *id, int fd)
{
	int err;

	reset_signals();
	prctl(PR_SET_NAME, SPAWN_COMM);
	close_all_but(fd);
	err = take_identity(id);
	if (err) {
		say(fd, STAGE_IDS_FAILED, err);
		_exit(EXIT_NOT_RUN);
	}
	say(fd, STAGE_WAITING, 0);
	if (!wait_for_release(fd))
		_exit(EXIT_NOT_RUN);
	say(fd, STAGE_EXEC, 0);
	execvp(argv[0], argv);
	say(fd, STAGE_EXEC_FAILED, errno);
	_exit(EXIT_NOT_RUN);
}

/* --- the parent --------------------------------------------------------------------------------*/

/* 1 with a line, 0 at the end of file, -errno. */
static int hear(int fd, struct report_line *ret)
{
	struct report_line line;
	ssize_t n;

	do
		n = recv(fd, &line, sizeof(line), 0);
	while (n < 0 && errno == EINTR);
	/* A child that dies with our byte unread resets the connection. */
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return 0;
	if (n < 0)
		return -errno;
	if (n != sizeof(line))
		return -EPROTO;
	*ret = line;
	return 1;
}

/* Signals are blocked from before the fork until the child has its own
 * dispositions, so that none of our handlers runs in it. */
static pid_t fork_child(char *const argv[], const struct identity *id, const int fds[2])
{
	sigset_t all, old;
	pid_t pid;
	int err;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	pid = fork();
	if (pid == 0)
		run_child(argv, id, fds[1]);
	err = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid < 0 ? -err : pid;
}

/* Whoever started us with SIGCHLD ignored would make the kernel drop the exit status. */
static void want_status(void)
{
	struct sigaction old, dfl = {.sa_handler = SIG_DFL};

	if (!sigaction(SIGCHLD, NULL, &old) && old.sa_handler == SIG_IGN)
		sigaction(SIGCHLD, &dfl, NULL);
}

static void collect(struct spawn *s)
{
	pid_t got;

	if (s->pid <= 0 || s->reaped)
		return;
	do
		got = waitpid(s->pid, &s->status, 0);
	while (got < 0 && errno == EINTR);
	s->reaped = true;
}

/* The one line for a command that did not come to run; -errno. */
static int not_run(struct spawn *s, int heard, const struct report_line *line)
{
	int err = heard < 0 ? -heard : heard == 0 ? ECHILD : line->err;

	if (heard == 0)
		log_error("cannot run '%s': it was killed before it started", s->name);
	else if (heard > 0 && line->stage == STAGE_IDS_FAILED)
		log_error_errno(err, "cannot run '%s' as the user who called sudo", s->name);
	else
		log_error_errno(err, "cannot run '%s'", s->name);
	return -err;
}

int spawn__start(char *const argv[], struct spawn **ret)
{
	_cleanup_(cleanup_identity) struct identity id = {0};
	_cleanup_(cleanup_spawn) struct spawn *s = calloc(1, sizeof(*s));
	struct report_line line = {0};
	int fds[2], err;

	if (s)
		s->fd = -1;
	if (!s || !(s->name = strdup(argv[0])))
		return log_error_errno(ENOMEM, "cannot run '%s'", argv[0]);
	err = read_identity(&id);
	if (err)
		return err;
	/* Packets: a line is heard whole or not at all. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return log_error_errno(errno, "cannot run '%s'", argv[0]);
	want_status();
	s->fd = fds[0];
	s->pid = fork_child(argv, &id, fds);
	close(fds[1]);
	if (s->pid < 0)
		return log_error_errno(s->pid, "cannot run '%s'", argv[0]);
	err = hear(s->fd, &line);
	if (err != 1 || line.stage != STAGE_WAITING)
		return not_run(s, err, &line);
	*ret = TAKE_PTR(s);
	return 0;
}

int spawn__release(struct spawn *s)
{
	_cleanup_close_ int fd = TAKE_FD(s->fd);
	struct report_line line = {0};
	int heard, err;

	if (fd < 0)
		return -EALREADY;
	if (send(fd, "", 1, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
		return log_error_errno(errno, "cannot run '%s'", s->name);
	heard = hear(fd, &line);
	if (heard == 1 && line.stage == STAGE_EXEC) {
		heard = hear(fd, &line);
		if (heard == 0)
			return 0;
	}
	err = not_run(s, heard, &line);
	collect(s);
	return err;
}

pid_t spawn__pid(const struct spawn *s)
{
	return s->pid;
}

int spawn__reap(struct spawn *s, int *ret_status)
{
	pid_t got = 0;

	if (!s->reaped) {
		got = wait4(s->pid, &s->status, WNOHANG, &s->cost);
		if (got < 0)
			return log_error_errno(errno, "cannot wait for '%s'", s->name);
		s->reaped = got == s->pid;
	}
	if (!s->reaped)
		return 0;
	*ret_status = s->status;
	return 1;
}

uint64_t spawn__cpu_ns(const struct spawn *s)
{
	return s->reaped ? rusage_cpu_ns(&s->cost) : 0;
}

int spawn__kill(struct spawn *s, int sig)
{
	if (s->reaped)
		return -ESRCH;
	return kill(s->pid, sig) ? -errno : 0;
}

void spawn__free(struct spawn *s)
{
	bool waits;

	if (!s)
		return;
	waits = s->fd >= 0;
	if (waits)
		close(s->fd); /* what the child reads as "do not run" */
	if (waits)
		collect(s);
	free(s->name);
	free(s);
}
