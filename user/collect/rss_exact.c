/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/rss_exact.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/pid.h"

/* Parts of a counter are settled every 32 events or more (64 up to 6.1):
 * several in a row that show at once are no accident. */
#define N_PAGES 6

/* Something else of ours can come or move between two looks, which makes exact
 * counters look inexact; nothing makes inexact ones look exact. */
#define N_TRIES 16
#define STATUS_TEXT_MAX 16384

static int read_own_anon(int root_fd, uint64_t *ret)
{
	char text[STATUS_TEXT_MAX];
	struct pid_status status;
	ssize_t len = read_file_at(root_fd, "proc/self/status", text, sizeof(text));
	int err;

	if (len < 0)
		return (int)len;
	err = pid_status_parse((struct cursor){text, text + len}, &status);
	if (err)
		return err;
	if (!(status.known & 1U << PROC_ANON))
		return -ENODATA;
	*ret = status.value[PROC_ANON];
	return 0;
}

static int try_pages(int root_fd, volatile char *pages, uint64_t page_size)
{
	uint64_t before = 0, after;

	for (uint64_t i = 0; i < N_PAGES; i++) {
		int err;

		pages[i * page_size] = 1;
		err = read_own_anon(root_fd, &after);
		if (err)
			return err;
		/* The first round touches pages of ours too: stack, library data. */
		if (i > 1 && after != before + page_size)
			return 0;
		before = after;
	}
	return 1;
}

static int try_once(int root_fd)
{
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
	void *pages = mmap(NULL, N_PAGES * page_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int ret;

	if (pages == MAP_FAILED)
		return -errno;
	madvise(pages, N_PAGES * page_size, MADV_NOHUGEPAGE); /* one fault, one page */
	ret = try_pages(root_fd, pages, page_size);
	munmap(pages, N_PAGES * page_size);
	return ret;
}

int rss_is_exact(int root_fd)
{
	int ret = 0;

	for (int i = 0; i < N_TRIES && ret == 0; i++)
		ret = try_once(root_fd);
	return ret;
}
