/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes cgroups below --dir and removes them; with --dying something refers to each of them still:
 * a socket that a process of the cgroup made. */
#include "victim.h"

#include <linux/sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static uint64_t count = 2000, limit_ms = 10000;
static const char *dir = "";
static bool is_dying;
static uint64_t n_made;

static const char *name_of(uint64_t i)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/mt-%d-%llu", dir, (int)getpid(), (unsigned long long)i);
	return path;
}

static void make_one(const char *path)
{
	if (mkdir(path, 0755))
		victim_skip(path, errno);
}

static void remove_one(const char *path)
{
	if (rmdir(path))
		die("%s: %s", path, strerror(errno));
}

static void remove_all(void)
{
	while (!is_dying && n_made)
		remove_one(name_of(--n_made));
}

/* To be born in a cgroup costs far less than to be moved there. Descriptors are shared with the
 * maker of the socket, so it stays when that has ended. */
static void make_socket_in(const char *path)
{
	int group = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), status;
	struct clone_args args = {.flags = CLONE_FILES | CLONE_INTO_CGROUP,
				  .exit_signal = SIGCHLD,
				  .cgroup = (uint64_t)group};
	pid_t child = group < 0 ? -1 : (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (!child)
		_exit(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0);
	if (child < 0)
		victim_skip("CLONE_INTO_CGROUP", errno);
	if (waitpid(child, &status, 0) != child || status)
		die("no socket could be made in %s", path);
	close(group);
}

/* As many as were asked for, or as there is time for. */
static void take(void)
{
	uint64_t end = now_ms() + limit_ms;

	while (n_made < count && now_ms() < end) {
		const char *path = name_of(n_made);

		make_one(path);
		if (is_dying) {
			make_socket_in(path);
			remove_one(path);
		}
		n_made++;
	}
}

static void give(void)
{
	remove_all();
	if (is_dying && syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, 0))
		victim_skip("close_range", errno);
}

static void say(const char *note)
{
	tell(&(struct truth){.kind = "cgroups", .note = note, .pid = getpid()}, "\"count\":%llu",
	     (unsigned long long)n_made);
}

int main(int argc, char **argv)
{
	const struct victim_option own[] = {
		{"count", VICTIM_COUNT, &count, "cgroups (2000)"},
		{"seconds", VICTIM_SECONDS, &limit_ms, "make no more after so many seconds (10)"},
		{"dir", VICTIM_TEXT, &dir, "the cgroup they are made in"},
		{"dying", VICTIM_FLAG, &is_dying, "remove each at once, a socket refers to it"},
		{0},
	};

	victim_init(argc, argv, "cgroups", "Holds cgroups, or what is left of them.", own);
	victim_begin();
	atexit(remove_all);
	take();
	say("held");
	victim_phase();
	give();
	say("given back");
	victim_hold();
	return 0;
}
