/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A System V segment that nobody is attached to. */
#include <sys/shm.h>

#include "victim.h"

static int id = -1;

static void tidy(void)
{
	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
}

int main(int argc, char **argv)
{
	bool leave = false;
	const struct victim_option own[] = {
		{"leave", VICTIM_FLAG, &leave,
		 "exit at once; whoever started it removes the segment"},
		{0},
	};
	char *p;

	victim_init(argc, argv, "sysvorphan", "Makes a System V segment, writes it, detaches.",
		    own);
	victim_begin();
	id = shmget(IPC_PRIVATE, victim_bytes(), IPC_CREAT | 0600);
	if (id < 0)
		victim_skip("shmget", errno);
	if (!leave)
		atexit(tidy);
	p = shmat(id, NULL, 0);
	if (p == (char *)-1)
		die("shmat: %s", strerror(errno));
	touch_pages(p, victim_bytes());
	shmdt(p);
	tell(&(struct truth){.kind = "shmem",
			     .note = "nobody is attached",
			     .pid = getpid(),
			     .held = victim_bytes(),
			     .touched = victim_bytes()},
	     "\"shmid\":%d", id);
	if (!leave)
		victim_hold();
	return 0;
}
