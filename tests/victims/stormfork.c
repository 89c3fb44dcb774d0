/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fork/exec storm: --ops processes, or as many as --seconds allow. */
#include "victim.h"

#include <stdatomic.h>

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void run_one(const char *program)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("wait: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		die("%s failed with wait status %d", program, status);
}

int main(int argc, char **argv)
{
	const char *program = "/bin/true";
	uint64_t ops = 0, limit_ms = 10000, done = 0, start;
	const struct victim_option own[] = {
		{"ops", VICTIM_COUNT, &ops, "how many (0: until --seconds)"},
		{"seconds", VICTIM_SECONDS, &limit_ms, "how long at most (10)"},
		{"exec", VICTIM_TEXT, &program, "program to run (/bin/true)"},
		{0},
	};
	struct sigaction sa = {.sa_handler = on_signal};
	sigset_t set;

	victim_init(argc, argv, "stormfork", "Forks and executes a program over and over.", own);
	victim_begin();
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	start = now_ms();
	while (!stop && (!ops || done < ops) && now_ms() - start < limit_ms) {
		run_one(program);
		done++;
	}
	tell(&(struct truth){.kind = "none", .note = "storm over", .pid = getpid()},
	     "\"ops\":%llu,\"cpu_ns\":%llu,\"wall_ms\":%llu", (unsigned long long)done,
	     (unsigned long long)cpu_ns(), (unsigned long long)(now_ms() - start));
	return 0;
}
