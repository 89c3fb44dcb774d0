/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child that writes its parent's pages after fork. */
#include "victim.h"

static pid_t start_child(char *mem, size_t bytes, int *ret_ready)
{
	int ready[2];
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid > 0) {
		close(ready[1]);
		*ret_ready = ready[0];
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	touch_pages(mem, bytes);
	if (write(ready[1], "", 1) != 1)
		_exit(1);
	victim_hold();
	_exit(0);
}

int main(int argc, char **argv)
{
	bool late = false;
	const struct victim_option own[] = {
		{"late", VICTIM_FLAG, &late, "wait or delay after the parent's growth, not before"},
		{0},
	};
	size_t bytes;
	pid_t child;
	int ready;
	char *mem, c;

	victim_init(argc, argv, "cow", "Parent touches memory, child after fork writes all of it.",
		    own);
	if (!late)
		victim_begin();
	bytes = victim_bytes();
	mem = map_anon(bytes, MADV_NOHUGEPAGE);
	touch_pages(mem, bytes);
	if (late)
		victim_begin();
	child = start_child(mem, bytes, &ready);
	if (read(ready, &c, 1) != 1)
		die("the child failed");
	tell(&(struct truth){.kind = "anon",
			     .note = "parent and child hold a copy each",
			     .pid = getpid(),
			     .child = child,
			     .held = bytes,
			     .touched = bytes},
	     "\"child_held_bytes\":%zu", bytes);
	victim_hold();
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	return 0;
}
