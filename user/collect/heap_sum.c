/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is held: the kernel side's table of blocks, added up by path. */
#include <errno.h>
#include <time.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collect/heap_part.h"
#include "collect/sample_sums.h"

#define NS_PER_S 1000000000ull
#define BATCH 4096
/* Numbers of stacks that are kept though no block may have them any more. */
#define PENDING_MAX 65536
/* Blocks of processes that have ended, or execute something else now. One that has just begun may
 * be unknown to us for a moment. */
#define FORGET_NS (10 * NS_PER_S)

struct used {
	uint64_t number;
	uint32_t path;
};

struct summing {
	struct heap *h;
	uint64_t now_ns;    /* CLOCK_BOOTTIME */
	uint64_t newest_ns; /* blocks that are younger are not counted */
	bool tidy;
	VEC(struct used) used;
	struct heap_watched *last; /* blocks of one process come one after another, mostly */
};

/* The kernel side forgets a process that exits, and gives one that executes another space. */
static void look_for_end(const struct heap *h, struct heap_watched *w)
{
	struct mt_heap_proc p;

	w->exited = w->retired || bpf_map_lookup_elem(h->procs_fd, &w->id.pid, &p);
	w->ended = w->exited || p.space != w->space;
}

static void begin(struct heap *h)
{
	h->recent.n = 0;
	vec_for_each(w, &h->watched)
		look_for_end(h, *w);
	vec_for_each(e, &h->book->table.paths) {
		if (e->now.domain != PATH_HEAP)
			continue;
		e->live = e->oldest = 0;
		e->variance = e->exit_variance;
		e->samples = e->exit_samples;
	}
}

static void end(struct heap *h)
{
	vec_for_each(e, &h->book->table.paths) {
		if (e->now.domain != PATH_HEAP)
			continue;
		e->now.live = (uint64_t)e->live;
		e->now.at_exit = (uint64_t)e->at_exit;
		e->now.error = (uint64_t)(SAMPLE_ERROR_SIGMAS * sqrt(e->variance));
		e->now.samples = e->samples;
		e->now.oldest = e->oldest;
	}
}

static bool is_too_young(const struct summing *s, const struct mt_heap_block *b)
{
	return s->h->options.min_age_ns && b->time_ns > s->newest_ns;
}

static struct sample_weight weigh(const struct summing *s, const struct mt_heap_block *b)
{
	uint64_t interval = s->h->options.interval_bytes;

	return interval ? sample_weigh(b->size, interval)
			: (struct sample_weight){.bytes = (double)b->size};
}

/* False: it is gone already. */
static bool forget(const struct summing *s, const struct mt_heap_at *at)
{
	return heap_nursery__take(&s->h->nursery, at) || !bpf_map_delete_elem(s->h->blocks_fd, at);
}

/* What was not freed when its process exited: counted once, and out of the table. */
static int add_left(struct summing *s, const struct mt_heap_at *at, const struct mt_heap_block *b)
{
	const struct sample_weight w = weigh(s, b);
	struct path_entry *e;
	uint32_t path;
	int err = heap_stacks__path(s->h, s->last, b->path, &path);

	if (err || !forget(s, at) || is_too_young(s, b))
		return err;
	e = &s->h->book->table.paths.v[path - 1];
	e->at_exit += w.bytes;
	e->exit_variance += w.variance;
	e->variance += w.variance;
	e->exit_samples++;
	e->samples++;
	return 0;
}

static int add_block(struct summing *s, const struct mt_heap_at *at, const struct mt_heap_block *b)
{
	const struct sample_weight w = weigh(s, b);
	struct path_entry *e;
	uint32_t path;
	int err;

	if (!s->last || s->last->space != at->space)
		s->last = heap_watch__find(s->h, at->space);
	if (s->last && s->last->exited)
		return add_left(s, at, b);
	if (!s->last || s->last->ended) {
		if (b->time_ns + FORGET_NS < s->now_ns)
			forget(s, at);
		return 0;
	}
	err = heap_stacks__path(s->h, s->last, b->path, &path);
	if (!err && s->tidy && b->path & MT_HEAP_PENDING)
		err = vec_push(&s->used, (struct used){b->path, path});
	if (err || is_too_young(s, b))
		return err;
	e = &s->h->book->table.paths.v[path - 1];
	e->live += w.bytes;
	e->variance += w.variance;
	e->samples++;
	if (!e->oldest || b->time_ns < e->oldest)
		e->oldest = b->time_ns;
	return 0;
}

struct batch {
	struct mt_heap_at at[BATCH];
	struct mt_heap_block block[BATCH];
};

static int add_batch(struct summing *s, const struct batch *b, uint32_t n)
{
	int err = 0;

	pthread_mutex_lock(&s->h->book->lock);
	for (uint32_t i = 0; !err && i < n; i++)
		err = add_block(s, &b->at[i], &b->block[i]);
	s->last = NULL; /* may be freed as soon as the lock is */
	pthread_mutex_unlock(&s->h->book->lock);
	return err;
}

/* Before the table: a block that is moved meanwhile is met twice, and none is missed. */
static int add_nursery(struct summing *s, struct batch *b)
{
	struct heap_nursery *y = &s->h->nursery;
	uint32_t n = 0;
	int err = 0;

	heap_nursery__read(y);
	for (uint32_t i = 0; !err && i < y->n; i++) {
		const struct mt_heap_slot *slot = &y->copy[i];

		if (slot->word) {
			b->at[n] = (struct mt_heap_at){slot->word & MT_HEAP_SLOT_ADDR, slot->space};
			b->block[n++] = slot->block;
		}
		if (n == BATCH || i == y->n - 1) {
			err = add_batch(s, b, n);
			n = 0;
		}
	}
	return err;
}

/* Without what the nursery had. Of two blocks at one address the older one's free was not seen. */
static uint32_t drop_twins(struct summing *s, struct batch *b, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct mt_heap_block *twin = heap_nursery__find(&s->h->nursery, &b->at[i]);

		if (twin && twin->time_ns > b->block[i].time_ns) {
			bpf_map_delete_elem(s->h->blocks_fd, &b->at[i]);
			s->h->counts.stale++;
		}
		if (twin && twin->time_ns >= b->block[i].time_ns)
			continue;
		b->at[kept] = b->at[i];
		b->block[kept++] = b->block[i];
	}
	return kept;
}

/* The kernel may lack memory for a read: then *ret_whole is false, and the sums are of no use. */
static int add_blocks(struct summing *s, bool *ret_whole)
{
	_cleanup_free_ struct batch *b = malloc(sizeof(*b));
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t next = 0;
	bool first = true;
	int err = b ? add_nursery(s, b) : -ENOMEM, read = 0;

	while (!err && !read) {
		uint32_t n = BATCH;

		read = bpf_map_lookup_batch(s->h->blocks_fd, first ? NULL : &next, &next, b->at,
					    b->block, &n, &opts);
		if (!read || read == -ENOENT) /* the end */
			err = add_batch(s, b, drop_twins(s, b, n));
		first = false;
	}
	*ret_whole = !err && read == -ENOENT;
	return err;
}

/* Numbers that no block has any more are forgotten. */
static int tidy(struct summing *s)
{
	struct heap *h = s->h;
	struct hmap kept = {};
	uint32_t path;
	int err = 0;

	vec_for_each(u, &s->used)
		err = err ?: hmap_put(&kept, (struct hmap_key){{u->number, 0, 0}}, u->path);
	vec_for_each(number, &h->recent) {
		const struct hmap_key key = {{*number, 0, 0}};

		if (!err && hmap_get(&h->pending, key, &path))
			err = hmap_put(&kept, key, path);
	}
	if (err) {
		hmap_free(&kept);
		return err;
	}
	hmap_free(&h->pending);
	h->pending = kept;
	return 0;
}

int heap_sum(struct heap *h)
{
	struct summing s = {.h = h, .now_ns = clock_ns(CLOCK_BOOTTIME)};
	bool whole;
	int err;

	/* Nothing is as old as that on a machine that has not run for so long. */
	if (s.now_ns > h->options.min_age_ns)
		s.newest_ns = s.now_ns - h->options.min_age_ns;
	pthread_mutex_lock(&h->book->lock);
	s.tidy = h->pending.n > PENDING_MAX;
	begin(h);
	pthread_mutex_unlock(&h->book->lock);
	err = add_blocks(&s, &whole);
	pthread_mutex_lock(&h->book->lock);
	if (whole)
		end(h);
	else
		h->counts.unread++;
	vec_for_each(w, &h->watched)
		(*w)->summed |= whole && (*w)->exited;
	if (whole && s.tidy)
		err = tidy(&s);
	pthread_mutex_unlock(&h->book->lock);
	vec_free(&s.used);
	return err;
}
