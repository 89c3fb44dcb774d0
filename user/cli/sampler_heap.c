/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/sampler_heap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

static void tell_cost(struct heap *h)
{
	uint64_t ns;

	if (heap__cost(h, &ns))
		log_info("--heap: each allocation and each free of the traced processes takes some "
			 "microseconds more");
	else
		log_info("--heap: an allocation and its free take the traced processes at least "
			 "%.1f "
			 "us more here; a program that does little else becomes many times slower",
			 (double)ns / 1000);
}

void sampler_heap__open(struct sampler_heap *s, int root_fd, const struct heap_options *o,
			struct code_book *book, struct features *features)
{
	int err;

	if (!o)
		return;
	s->wanted = true;
	s->reason[0] = '\0';
	err = heap__open(root_fd, o, book, s->reason, &s->heap);
	if (err && !s->reason[0])
		snprintf(s->reason, sizeof(s->reason), "%s", strerror(-err));
	if (err)
		features__set(features, "heap", FEATURE_MISSING, "", "heap blocks: %s", s->reason);
	else
		features__set(features, "heap", FEATURE_WORKS, "", "who holds heap blocks");
}

int sampler_heap__start(struct sampler_heap *s)
{
	if (!s->heap)
		return 0;
	tell_cost(s->heap);
	return heap__start(s->heap);
}

void sampler_heap__close(struct sampler_heap *s)
{
	heap__close(s->heap);
	s->heap = NULL;
}

struct marking {
	struct heap *heap;
	uint32_t waiting_pid;
};

static int mark_one(void *arg, const struct target *t)
{
	const struct marking *m = arg;

	return t->alive ? heap__watch(m->heap, t->id, t->id.pid == m->waiting_pid) : 0;
}

int sampler_heap__mark(struct sampler_heap *s, const struct target_set *targets,
		       uint32_t waiting_pid)
{
	struct marking m = {s->heap, waiting_pid};

	return s->heap && targets ? target_set__each(targets, mark_one, &m) : 0;
}

int sampler_heap__tick(struct sampler_heap *s, bool last, struct tick *t)
{
	int err = 0;

	if (s->wanted && !s->heap)
		return limits__set(&t->limits, "source_heap", 0,
				   "who holds heap blocks is not known: %s", s->reason);
	if (s->heap)
		err = heap__tell(s->heap, last);
	if (err && err != -ENOMEM)
		err = limits__set(&t->limits, "heap_reads_lost", 0,
				  "heap blocks could not be read: %s", strerror(-err));
	return !err && s->heap ? heap__limits(s->heap, &t->limits) : err;
}
