/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps and unmaps in all the ways there are, each in a function of its own, and
 * knows to the page what each function's mappings are in the end. Nothing of it
 * is touched. The parent prints its bytes by function, and its child's, which
 * has what it inherited less a part, and more of its own.
 */
#include "victim.h"

#include <pthread.h>

#define PAGES(n) ((n)*page_size())
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#define FUNCTION __attribute__((noinline, noclone))

/* Of a function with a call as its last act there would be no frame. */
#define KEEP_FRAME __asm__ volatile("" : : : "memory")

static struct {
	size_t before, keep, part, move, over, thread, shared, heap;
} held;

static char *checked(void *p)
{
	if (p == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	return p;
}

static char *map_pages(size_t bytes)
{
	return checked(mmap(NULL, bytes, PROT_READ | PROT_WRITE, ANON, -1, 0));
}

static void unmap_pages(char *p, size_t bytes)
{
	if (munmap(p, bytes))
		die("munmap: %s", strerror(errno));
}

/* Half of it goes later. */
FUNCTION static char *map_before(size_t bytes)
{
	char *p = map_pages(bytes);

	held.before += bytes / 2;
	KEEP_FRAME;
	return p;
}

FUNCTION static char *map_keep(size_t bytes)
{
	char *p = map_pages(bytes);

	held.keep += bytes;
	KEEP_FRAME;
	return p;
}

/* Leaves the first and the last quarter, in two calls. */
FUNCTION static char *map_part(size_t bytes)
{
	char *p = map_pages(bytes);

	unmap_pages(p + bytes / 4, bytes / 4);
	unmap_pages(p + bytes / 2, bytes / 4);
	held.part += bytes / 2;
	KEEP_FRAME;
	return p;
}

/* Where it cannot stay, as something lies behind it. */
FUNCTION static char *grow_by_mremap(char *p, size_t bytes, size_t to)
{
	char *moved;

	if (mmap(p + bytes, page_size(), PROT_NONE, ANON | MAP_FIXED_NOREPLACE, -1, 0) !=
	    MAP_FAILED)
		held.move += page_size();
	moved = checked(mremap(p, bytes, to, MREMAP_MAYMOVE));
	/* And back a little, which nobody has to move for. */
	moved = checked(mremap(moved, to, to - PAGES(3), 0));
	held.move += to - PAGES(3) - bytes;
	KEEP_FRAME;
	return moved;
}

/* In the middle of what map_keep() has. */
FUNCTION static void map_over(char *p, size_t bytes)
{
	checked(mmap(p, bytes, PROT_READ, ANON | MAP_FIXED, -1, 0));
	held.over += bytes;
	held.keep -= bytes;
	KEEP_FRAME;
}

FUNCTION static void grow_heap(size_t bytes, size_t back)
{
	if (sbrk((intptr_t)bytes) == (void *)-1 || sbrk(-(intptr_t)back) == (void *)-1)
		die("sbrk: %s", strerror(errno));
	held.heap += bytes - back;
	KEEP_FRAME;
}

FUNCTION static void *map_in_thread(void *arg)
{
	map_pages(*(size_t *)arg);
	held.thread += *(size_t *)arg;
	KEEP_FRAME;
	return NULL;
}

static void run_thread(size_t bytes)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, map_in_thread, &bytes) || pthread_join(thread, NULL))
		die("thread");
}

/* Shared memory mapped once more, by mremap of no length. */
FUNCTION static void map_twice(size_t bytes)
{
	char *p = checked(mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0));

	checked(mremap(p, 0, bytes, MREMAP_MAYMOVE));
	held.shared += 2 * bytes;
	KEEP_FRAME;
}

FUNCTION static void map_in_child(size_t bytes)
{
	map_pages(bytes);
	KEEP_FRAME;
}

/* More calls than anybody writes down. */
FUNCTION static void churn(uint64_t n)
{
	while (n--)
		unmap_pages(map_pages(PAGES(1 + n % 8)), PAGES(1 + n % 8));
}

/* Failed calls change nothing. */
static void fail_often(void)
{
	for (int i = 0; i < 10; i++) {
		mmap(NULL, 0, PROT_READ, ANON, -1, 0);
		munmap((void *)1, 4096);
		mremap((void *)8192, 4096, 8192, 0);
	}
}

static pid_t start_child(char *keep, size_t part)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe2(ready, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid > 0) {
		close(ready[1]);
		if (read(ready[0], &c, 1) != 1)
			die("the child failed");
		close(ready[0]);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	unmap_pages(keep, part);
	map_in_child(2 * part);
	if (write(ready[1], "", 1) != 1)
		_exit(1);
	victim_hold();
	_exit(0);
}

int main(int argc, char **argv)
{
	uint64_t n_churn = 0;
	const struct victim_option own[] = {
		{"churn", VICTIM_COUNT, &n_churn, "so many pages mapped and unmapped first (0)"},
		{0},
	};
	size_t unit, child_part;
	char *before, *keep, *part;
	pid_t child;

	victim_init(argc, argv, "mapper", "Maps and unmaps in all ways.", own);
	unit = victim_bytes() / 16;
	child_part = PAGES(5);
	before = map_before(unit);
	victim_begin();
	churn(n_churn);
	unmap_pages(before, unit / 2);
	keep = map_keep(4 * unit);
	part = map_part(4 * unit);
	grow_by_mremap(part, unit, 3 * unit);
	map_over(keep + PAGES(11), PAGES(7));
	grow_heap(unit + PAGES(1), PAGES(9));
	run_thread(2 * unit);
	map_twice(unit);
	fail_often();
	child = start_child(keep, child_part);
	tell(&(struct truth){.kind = "none",
			     .note = "mapped",
			     .pid = getpid(),
			     .child = child,
			     .held = 0,
			     .touched = 0},
	     "\"bytes\":{\"map_before\":%zu,\"map_keep\":%zu,\"map_part\":%zu,\"grow_by_mremap\":%"
	     "zu,\"map_over\":%zu,"
	     "\"map_in_thread\":%zu,\"map_twice\":%zu,\"grow_heap\":%zu},"
	     "\"child_bytes\":{\"map_keep\":%zu,\"map_in_child\":%zu},\"vsz_bytes\":%zu,"
	     "\"child_vsz_bytes\":%zu",
	     held.before, held.keep, held.part, held.move, held.over, held.thread, held.shared,
	     held.heap, held.keep - child_part, 2 * child_part, status_bytes(getpid(), "VmSize"),
	     status_bytes(child, "VmSize"));
	victim_hold();
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	return 0;
}
