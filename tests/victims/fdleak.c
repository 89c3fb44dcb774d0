/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens files and gives none back. */
#include <sys/socket.h>

#include "victim.h"

static void open_one(const char *kind, const char *path)
{
	int pair[2], fd;

	if (!strcmp(kind, "socket"))
		fd = socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	else if (!strcmp(kind, "pipe"))
		fd = pipe(pair);
	else
		fd = open(path, O_RDONLY);
	if (fd < 0)
		die("%s: %s", kind, strerror(errno));
}

int main(int argc, char **argv)
{
	const char *kind = "file", *path = "/etc/passwd";
	uint64_t per_step = 5;
	const struct victim_option own[] = {
		{"kind", VICTIM_TEXT, &kind, "file, socket or pipe (two each) (file)"},
		{"path", VICTIM_TEXT, &path, "the file (/etc/passwd)"},
		{"per-step", VICTIM_COUNT, &per_step, "so many a step (5)"},
		{0},
	};
	uint64_t n = 0;

	victim_init(argc, argv, "fdleak", "Opens files, --per-step in each of --steps.", own);
	victim_begin();
	for (uint64_t step = 0; step < victim.steps; step++) {
		for (uint64_t i = 0; i < per_step; i++, n++)
			open_one(kind, path);
		victim_wait(victim.pause_ms);
	}
	tell(&(struct truth){.kind = "none", .note = "all open", .pid = getpid()},
	     "\"opened\":%llu", (unsigned long long)n);
	victim_hold();
	return 0;
}
