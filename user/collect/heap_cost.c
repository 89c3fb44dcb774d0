/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a probe costs on this machine: tried on ourselves. */
#include <errno.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collect/heap_insn.h"
#include "collect/heap_part.h"

#define PAIRS 500

static uint64_t pair_ns(void)
{
	uint64_t begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	for (int i = 0; i < PAIRS; i++) {
		void *volatile block = malloc(64);

		free(block);
	}
	return (clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin) / PAIRS;
}

/* File and place of our own allocator's functions; libraries lie in memory as they do in their
 * file. */
static int open_allocator(uint64_t *ret_malloc, uint64_t *ret_free)
{
	Dl_info info, other;

	if (!dladdr((void *)malloc, &info) || !dladdr((void *)free, &other) ||
	    info.dli_fbase != other.dli_fbase)
		return -1;
	*ret_malloc = (uint64_t)malloc - (uint64_t)info.dli_fbase;
	*ret_free = (uint64_t)free - (uint64_t)info.dli_fbase;
	return open(info.dli_fname, O_RDONLY | O_CLOEXEC);
}

/* Those two of the file, probed in ourselves: nobody watches us, so that it is the traps that are
 * measured. */
static int attach(struct heap *h, struct heap_watched *self, int fd, uint64_t at_malloc,
		  uint64_t at_free)
{
	struct heap_functions all = {}, two = {};
	int err = heap_functions__read(fd, &all);

	vec_for_each(f, &all)
		if (!err && (f->offset - at_malloc < HEAP_INSN_BYTES ||
			     f->offset - at_free < HEAP_INSN_BYTES))
			err = vec_push(&two, *f);
	if (!err && (two.n != 2 || heap_probes__place(h, self, fd, &two, true)))
		err = -ENOENT;
	vec_free(&two);
	vec_free(&all);
	return err;
}

int heap__cost(struct heap *h, uint64_t *ret_ns)
{
	struct heap_watched self = {.id.pid = (uint32_t)getpid()};
	uint64_t before = pair_ns(), with, at_malloc = 0, at_free = 0;
	_cleanup_close_ int fd = open_allocator(&at_malloc, &at_free);
	int err;

	if (fd < 0)
		return -ENOENT;
	err = attach(h, &self, fd, at_malloc, at_free);
	with = pair_ns();
	link_reaper__take(h->reaper, &self.links);
	*ret_ns = with > before ? with - before : 0;
	return err;
}
