/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exits and leaves page cache and a tmpfs file behind. */
#include "files.h"

int main(int argc, char **argv)
{
	const char *dir = "/var/tmp", *shm_dir = "/dev/shm";
	const struct victim_option own[] = {
		{"dir", VICTIM_TEXT, &dir, "where to leave the file; not a tmpfs (/var/tmp)"},
		{"shm-dir", VICTIM_TEXT, &shm_dir, "where to leave the tmpfs file (/dev/shm)"},
		{0},
	};
	char path[1024], shm_path[1024];
	size_t bytes;
	int fd, shm;

	victim_init(argc, argv, "leavebehind",
		    "Leaves a cached file and a tmpfs file of --mib each, and exits.\n"
		    "Whoever started it removes both.",
		    own);
	victim_begin();
	bytes = victim_bytes();
	fd = make_file(dir, "memtrace-left", bytes, path, sizeof(path));
	/* Clean pages: nobody else touches them later to write them out. */
	if (fsync(fd))
		die("fsync: %s", strerror(errno));
	shm = make_file(shm_dir, "memtrace-left", bytes, shm_path, sizeof(shm_path));
	tell(&(struct truth){.kind = "file",
			     .note = "left behind",
			     .pid = getpid(),
			     .held = 2 * bytes,
			     .touched = 2 * bytes},
	     "\"file_bytes\":%zu,\"tmpfs_bytes\":%zu,\"path\":\"%s\",\"tmpfs_path\":\"%s\"",
	     cached_bytes(fd, bytes), cached_bytes(shm, bytes), path, shm_path);
	return 0;
}
