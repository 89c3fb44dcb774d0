/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many processes that do nothing: what a snapshot of the machine costs. */
#include "victim.h"

static pid_t *pids;
static uint64_t n_procs = 2000;

static void tidy(void)
{
	for (uint64_t i = 0; i < n_procs && pids[i] > 0; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}

int main(int argc, char **argv)
{
	const struct victim_option own[] = {
		{"procs", VICTIM_COUNT, &n_procs, "how many (2000)"},
		{0},
	};

	victim_init(argc, argv, "sleepers", "Starts processes that sleep.", own);
	if (!n_procs || n_procs > 30000)
		victim_usage(2, own);
	pids = (pid_t *)map_anon((n_procs + 1) * sizeof(*pids), MADV_NOHUGEPAGE);
	atexit(tidy);
	for (uint64_t i = 0; i < n_procs; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork: %s", strerror(errno));
		if (!pids[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	tell(&(struct truth){.kind = "none", .note = "asleep", .pid = getpid()}, "\"procs\":%llu",
	     (unsigned long long)n_procs);
	victim_hold();
	return 0;
}
