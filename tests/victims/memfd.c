/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growth of shared memory: memfd or System V, mapped or only written. */
#include "victim.h"

#include <sys/shm.h>

static int shm_id = -1;

static void tidy(void)
{
	if (shm_id >= 0)
		shmctl(shm_id, IPC_RMID, NULL);
}

static void fill_memfd(size_t bytes, bool by_write)
{
	static char block[64 * 1024];
	int fd = memfd_create("memtrace-victim", MFD_CLOEXEC);
	char *mem;

	if (fd < 0 || ftruncate(fd, (off_t)bytes))
		die("memfd: %s", strerror(errno));
	if (!by_write) {
		mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (mem == MAP_FAILED)
			die("mmap: %s", strerror(errno));
		grow_pages(mem, bytes);
		return;
	}
	for (size_t at = 0; at < bytes; at += sizeof(block)) {
		memset(block, (int)(at >> 16) | 1, sizeof(block));
		if (pwrite(fd, block, sizeof(block), (off_t)at) != (ssize_t)sizeof(block))
			die("write: %s", strerror(errno));
	}
}

static void fill_sysv(size_t bytes)
{
	char *mem;

	shm_id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
	if (shm_id < 0)
		die("shmget: %s", strerror(errno));
	atexit(tidy);
	mem = shmat(shm_id, NULL, 0);
	if (mem == (void *)-1)
		die("shmat: %s", strerror(errno));
	grow_pages(mem, bytes);
}

int main(int argc, char **argv)
{
	bool by_write = false, sysv = false;
	const struct victim_option own[] = {
		{"write", VICTIM_FLAG, &by_write, "fill it by write(2) and never map it"},
		{"sysv", VICTIM_FLAG, &sysv, "System V shared memory instead of a memfd"},
		{0},
	};
	size_t bytes;

	victim_init(argc, argv, "memfd", "Grows shared memory and holds it.", own);
	victim_begin();
	bytes = victim_bytes();
	if (sysv)
		fill_sysv(bytes);
	else
		fill_memfd(bytes, by_write);
	tell(&(struct truth){.kind = "shmem",
			     .note = by_write ? "held, not mapped" : "held and mapped",
			     .pid = getpid(),
			     .held = bytes,
			     .touched = bytes},
	     "\"mapped_bytes\":%zu", by_write ? 0 : bytes);
	victim_hold();
	return 0;
}
