/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A parent that exits while its child keeps mapping what it touched. */
#include "victim.h"

__attribute__((noreturn)) static void run_child(pid_t parent, size_t bytes, int ready)
{
	/* Nothing of the parent's is written here: no copy on write. */
	if (write(ready, "", 1) != 1)
		_exit(1);
	while (getppid() == parent)
		usleep(2000);
	tell(&(struct truth){.kind = "anon",
			     .note = "inherited by the child",
			     .pid = parent,
			     .child = getpid(),
			     .held = bytes,
			     .touched = bytes},
	     "\"rss_anon_bytes\":%zu", status_bytes(getpid(), "RssAnon"));
	victim_hold();
	_exit(0);
}

int main(int argc, char **argv)
{
	pid_t self = getpid();
	int ready[2];
	size_t bytes;
	char *mem, c;
	pid_t child;

	victim_init(argc, argv, "orphan", "Touches memory, forks, exits; the child holds it.",
		    NULL);
	victim_begin();
	bytes = victim_bytes();
	mem = map_anon(bytes, MADV_NOHUGEPAGE);
	grow_pages(mem, bytes);
	if (pipe2(ready, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		die("fork: %s", strerror(errno));
	if (!child)
		run_child(self, bytes, ready[1]);
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		die("the child failed");
	victim_phase();
	return 0;
}
