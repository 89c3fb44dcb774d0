/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page-cache growth by reading a file. */
#include "files.h"

static char path[4096];

static void tidy(void)
{
	unlink(path);
}

static void map_file(int fd, size_t bytes)
{
	const char *mem = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);

	if (mem == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	for (size_t at = 0; at < bytes; at += page_size())
		(void)*(volatile const char *)(mem + at);
}

int main(int argc, char **argv)
{
	const char *dir = "/var/tmp";
	bool is_mapped = false;
	const struct victim_option own[] = {
		{"dir", VICTIM_TEXT, &dir, "where to make the file; not a tmpfs (/var/tmp)"},
		{"map", VICTIM_FLAG, &is_mapped, "map it, and have it open no more"},
		{0},
	};
	size_t bytes, before, held;
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
	held = cached_bytes(fd, bytes);
	if (is_mapped) {
		map_file(fd, bytes);
		close(fd);
	}
	tell(&(struct truth){.kind = "file",
			     .note = "page cache held",
			     .pid = getpid(),
			     .held = held,
			     .touched = bytes},
	     "\"cached_before_bytes\":%zu,\"path\":\"%s\"", before, path);
	victim_hold();
	return 0;
}
