/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/vma_look.h"

#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "collect/pid.h"
#include "collect/proc_maps.h"

#define MAPS_MAX (16u << 20)

/* Kernel addresses: [vsyscall], which is no mapping of the process. */
#define USER_END (1ull << 63)

static int add_range(void *arg, uint64_t start, uint64_t end, struct range_tag *tag)
{
	struct vma_bytes *b = arg;

	b->of[tag->origin] += end - start;
	return 0;
}

void vma_space__bytes(struct vma_space *s, struct vma_bytes *ret)
{
	*ret = (struct vma_bytes){};
	ranges__each(&s->ranges, add_range, ret);
}

static uint64_t sum(struct vma_space *s)
{
	struct vma_bytes b;
	uint64_t all = 0;

	vma_space__bytes(s, &b);
	for (int i = 0; i < _RANGE_ORIGIN_MAX; i++)
		all += b.of[i];
	return all;
}

/* What no line of the text has. */
static int clear_gaps(struct vma_space *s, struct cursor maps, uint64_t at_ns)
{
	struct map_line line;
	uint64_t end = 0;
	int err = 0;

	while (!err && proc_maps_next(&maps, &line) == 0) {
		err = ranges__clear(&s->ranges, end, line.start, at_ns);
		end = line.end;
	}
	return err ?: ranges__clear(&s->ranges, end, UINT64_MAX, at_ns);
}

int vma_space__look(struct vma_space *s, struct cursor maps, uint64_t at_ns, uint64_t *ret_stale)
{
	const struct range_tag before = {.since_ns = at_ns, .origin = RANGE_BEFORE};
	struct range_tag tag = {.since_ns = at_ns, .origin = RANGE_UNSEEN};
	uint64_t had = sum(s);
	struct map_line line;
	int err = s->base_known ? clear_gaps(s, maps, at_ns) : 0;

	*ret_stale = had - sum(s);
	if (!s->base_known)
		tag = before;
	while (!err && proc_maps_next(&maps, &line) == 0) {
		/* The stack grows by itself. */
		bool stack = cursor_is(line.path, "[stack]");

		if (line.end < USER_END)
			err = ranges__fill(&s->ranges, line.start, line.end,
					   stack ? &before : &tag);
	}
	if (err)
		return err;
	s->base_known = true;
	s->look_due = false;
	return 0;
}

ssize_t vma_maps_read(int root_fd, struct proc_id id, char **text, size_t *cap)
{
	struct pid_stat stat;
	char path[32];
	ssize_t n;
	int err;

	snprintf(path, sizeof(path), "proc/%u/maps", id.pid);
	n = read_file_grow(root_fd, path, text, cap, MAPS_MAX);
	if (n <= 0)
		return n ?: -ESRCH; /* nothing: it has ended */
	/* After reading, or it may have been another's. */
	err = pid_stat_read(root_fd, id.pid, &stat);
	if (err)
		return err;
	return stat.start_ticks == id.start_ticks ? n : -ESRCH;
}
