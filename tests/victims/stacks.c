/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two processes take turns on one CPU: in each turn a new thread touches a part
 * and ends, so that the kernel gives its stack to the other process's next one.
 */
#include "victim.h"

#include <pthread.h>
#include <sched.h>

static uint64_t turns = 256;
static char *mem;
static size_t part;

static void *touch_part(void *arg)
{
	touch_pages(arg, part);
	return NULL;
}

static void take_turn(uint64_t turn)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, touch_part, mem + turn * part))
		die("cannot start a thread");
	pthread_join(thread, NULL);
}

/* Each turn ends by telling the other side. */
static void take_turns(size_t bytes, int from, int to, bool begins)
{
	char c = 0;

	part = bytes / turns / (size_t)getpagesize() * (size_t)getpagesize();
	mem = map_anon(part * turns, MADV_NOHUGEPAGE);
	for (uint64_t turn = 0; turn < turns; turn++) {
		if ((turn || !begins) && read(from, &c, 1) != 1)
			die("the other side is gone");
		take_turn(turn);
		if (write(to, &c, 1) != 1)
			die("the other side is gone");
	}
}

static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		victim_skip("sched_setaffinity", errno);
}

int main(int argc, char **argv)
{
	const struct victim_option own[] = {
		{"turns", VICTIM_COUNT, &turns,
		 "threads of each process, one after the other (256)"},
		{0},
	};
	int there[2], back[2];
	size_t held;
	pid_t child;
	char c;

	victim_init(argc, argv, "stacks", "Threads of two processes inherit each other's stacks.",
		    own);
	/* No huge page for a thread's own stack: it is kept in part when the thread is gone. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	if (!turns)
		die("--turns 0");
	victim_begin();
	stay_on_one_cpu();
	if (pipe2(there, O_CLOEXEC) || pipe2(back, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		die("fork: %s", strerror(errno));
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		take_turns(victim_bytes() / 4, there[0], back[1], false);
		victim_hold();
		return 0;
	}
	take_turns(victim_bytes(), back[0], there[1], true);
	if (read(back[0], &c, 1) != 1) /* of the child's last turn */
		die("the child failed");
	held = part * turns;
	tell(&(struct truth){.kind = "anon",
			     .note = "the child holds a quarter",
			     .pid = getpid(),
			     .child = child,
			     .held = held,
			     .touched = held},
	     "\"child_held_bytes\":%zu",
	     victim_bytes() / 4 / turns / (size_t)getpagesize() * (size_t)getpagesize() * turns);
	victim_hold();
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	return 0;
}
