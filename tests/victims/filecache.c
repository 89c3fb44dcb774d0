/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page-cache growth by reading a file. */
#include "files.h"

static char path[4096];

static void tidy(void)
{
	unlink(path);
}

int main(int argc, char **argv)
{
	const char *dir = "/var/tmp";
	const struct victim_option own[] = {
		{"dir", VICTIM_TEXT, &dir, "where to make the file; not a tmpfs (/var/tmp)"},
		{0},
	};
	size_t bytes, before;
	int fd;

	victim_init(argc, argv, "filecache",
		    "Makes a file, drops it from the page cache, then reads it in.", own);
	bytes = victim_bytes();
	fd = make_file(dir, "memtrace-filecache", bytes, path, sizeof(path));
	atexit(tidy);
	drop_file(fd, bytes);
	before = cached_bytes(fd, bytes);
	victim_begin();
	read_file(fd, bytes);
	tell(&(struct truth){.kind = "file",
			     .note = "page cache held",
			     .pid = getpid(),
			     .held = cached_bytes(fd, bytes),
			     .touched = bytes},
	     "\"cached_before_bytes\":%zu,\"path\":\"%s\"", before, path);
	victim_hold();
	return 0;
}
