/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory touched by a thread that is gone before anybody looks. */
#include "victim.h"

#include <pthread.h>
#include <sys/syscall.h>

static bool leader_exits;
static char *mem;
static pid_t grower;

static void report(void)
{
	tell(&(struct truth){.kind = "anon",
			     .note = leader_exits ? "leader gone, thread holds"
						  : "thread gone, process holds",
			     .pid = getpid(),
			     .held = victim_bytes(),
			     .touched = victim_bytes()},
	     "\"tid\":%d", (int)grower);
}

static void *grow(void *arg)
{
	(void)arg;
	grower = (pid_t)syscall(SYS_gettid);
	grow_pages(mem, victim_bytes());
	if (!leader_exits)
		return NULL;
	/* The leader is on its way out; give it the time to become a zombie. */
	usleep(100000);
	report();
	victim_hold();
	exit(0);
}

int main(int argc, char **argv)
{
	const struct victim_option own[] = {
		{"leader-exits", VICTIM_FLAG, &leader_exits,
		 "the first thread ends and the second goes on"},
		{0},
	};
	pthread_t thread;

	victim_init(argc, argv, "thread", "Grows in a thread, which ends before the process does.",
		    own);
	victim_begin();
	mem = map_anon(victim_bytes(), MADV_NOHUGEPAGE);
	if (pthread_create(&thread, NULL, grow, NULL))
		die("cannot start a thread");
	if (leader_exits)
		pthread_exit(NULL);
	pthread_join(thread, NULL);
	report();
	victim_hold();
	return 0;
}
