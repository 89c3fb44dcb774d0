/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/stack_walker.h"
#include "base/clock.h"

#include <errno.h>
#include <time.h>

#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull

/* Programs that load code while they run: how soon a look at their mappings is worth it. */
#define REFRESH_NS (2 * NS_PER_S)
#define REFRESH_UNKNOWN_NS (50 * NS_PER_MS)
/* One that has just begun maps its libraries first: then after so much of the time it is known. */
#define REFRESH_YOUNG_DIV 4

/* Processes whose code is known at a time; a few MiB each when they are large. */
#define SPACES_MAX 64

struct walker_space {
	struct proc_id id;
	uint32_t exec_id;
	uint64_t opened_ns, used_ns;
	struct unwind_space *unwind; /* NULL: cannot be read */
	struct stack_cache cache;
};

struct proc_id sample_proc(const struct mt_sample *s)
{
	return (struct proc_id){s->tgid, s->start_ns / (NS_PER_S / 100)};
}

static void space_clear(struct walker_space *s)
{
	unwind_space__close(s->unwind);
	stack_cache__free(&s->cache);
}

static struct walker_space *oldest_space(struct stack_walker *w)
{
	struct walker_space *oldest = w->spaces.v;

	vec_for_each(s, &w->spaces)
		if (s->used_ns < oldest->used_ns)
			oldest = s;
	return oldest;
}

static struct walker_space *space_of(struct stack_walker *w, struct proc_id id, uint32_t exec_id)
{
	struct walker_space fresh = {.id = id, .exec_id = exec_id}, *place = NULL;

	vec_for_each(s, &w->spaces) {
		if (!proc_id_equal(s->id, id))
			continue;
		if (s->exec_id == exec_id)
			return s;
		place = s; /* it has executed another program */
	}
	fresh.opened_ns = clock_ns(CLOCK_MONOTONIC);
	if (unwind_space__open(w->root_fd, id, &w->book->modules, &fresh.unwind))
		fresh.unwind = NULL;
	if (!place && w->spaces.n >= SPACES_MAX)
		place = oldest_space(w);
	if (!place) {
		if (vec_push(&w->spaces, fresh) == 0)
			return &w->spaces.v[w->spaces.n - 1];
		space_clear(&fresh);
		return NULL;
	}
	space_clear(place);
	*place = fresh;
	return place;
}

static uint64_t refresh_ns(uint64_t known_ns)
{
	uint64_t ns = known_ns / REFRESH_YOUNG_DIV;

	return ns < REFRESH_UNKNOWN_NS ? ns : REFRESH_UNKNOWN_NS;
}

static void walk(struct stack_walker *w, struct walker_space *space, const struct mt_sample *s)
{
	struct unwind_result *r = w->result;
	bool full = s->stack_bytes >= w->stack_bytes;
	uint64_t now;

	unwind_space__walk(space->unwind, s, full, r);
	if (r->end != UNWIND_FAILED || !r->n || r->frame[r->n - 1].module)
		return;
	/* It came from where we know of no code: loaded since we looked, perhaps. */
	now = clock_ns(CLOCK_MONOTONIC);
	if (!unwind_space__refresh(space->unwind, now, refresh_ns(now - space->opened_ns)))
		unwind_space__walk(space->unwind, s, full, r);
}

static int intern(struct stack_walker *w, struct walker_space *space, const struct mt_sample *s,
		  uint32_t *ret_leaf)
{
	const struct unwind_result *r = w->result;
	struct path_frame_at at[UNWIND_FRAMES_MAX];
	int err;

	for (uint32_t i = 0; i < r->n; i++)
		at[i] = (struct path_frame_at){r->frame[i].module, r->frame[i].addr};
	err = path_table__stack(&w->book->table, at, r->n, ret_leaf);
	return err ? err : stack_cache__add(&space->cache, s, r, *ret_leaf);
}

int stack_walker__leaf(struct stack_walker *w, const struct mt_sample *s, struct walk_stats *stats,
		       uint32_t *ret_leaf, bool *ret_complete)
{
	struct walker_space *space = space_of(w, sample_proc(s), s->exec_id);
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	const struct cached_stack *known;
	int err;

	if (!space)
		return -ENOMEM;
	stats->stacks++;
	space->used_ns = now;
	if (!space->unwind || (unwind_space__refresh(space->unwind, now, REFRESH_NS) &&
			       !unwind_space__has(space->unwind, sample_pc(s)))) {
		stats->ends[UNWIND_NO_CODE]++;
		*ret_leaf = 0;
		*ret_complete = false;
		return 0;
	}
	known = stack_cache__find(&space->cache, s);
	if (known) {
		stats->repeated++;
		stats->ends[UNWIND_WHOLE]++;
		*ret_leaf = known->leaf;
		*ret_complete = known->complete;
		return 0;
	}
	walk(w, space, s);
	stats->ends[w->result->end]++;
	err = intern(w, space, s, ret_leaf);
	*ret_complete = w->result->end == UNWIND_WHOLE && *ret_leaf;
	return err;
}

int stack_walker__init(struct stack_walker *w, int root_fd, uint32_t stack_bytes,
		       struct code_book *book)
{
	*w = (struct stack_walker){.root_fd = root_fd, .stack_bytes = stack_bytes, .book = book};
	w->result = malloc(sizeof(*w->result));
	return w->result ? 0 : -ENOMEM;
}

void stack_walker__free(struct stack_walker *w)
{
	vec_for_each(s, &w->spaces)
		space_clear(s);
	vec_free(&w->spaces);
	free(w->result);
	w->result = NULL;
}
