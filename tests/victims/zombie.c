/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Children that have ended and are not waited for. */
#include "victim.h"

int main(int argc, char **argv)
{
	uint64_t n = 3;
	const char *name = "a,b\"c\nd";
	const struct victim_option own[] = {
		{"zombies", VICTIM_COUNT, &n, "how many (3)"},
		{"name", VICTIM_TEXT, &name, "what the children call themselves (a,b\"c and d)"},
		{0},
	};
	pid_t child = 0;

	victim_init(argc, argv, "zombie", "Does not reap its children.", own);
	victim_begin();
	for (uint64_t i = 0; i < n; i++) {
		siginfo_t si;

		child = fork();
		if (child < 0)
			die("fork: %s", strerror(errno));
		if (!child) {
			prctl(PR_SET_NAME, name);
			_exit(3);
		}
		/* Ended when this returns, and still there. */
		if (waitid(P_PID, (id_t)child, &si, WEXITED | WNOWAIT))
			die("waitid: %s", strerror(errno));
	}
	tell(&(struct truth){.kind = "none", .note = "not reaped", .pid = getpid(), .child = child},
	     "\"zombies\":%llu", (unsigned long long)n);
	victim_hold();
	return 0;
}
