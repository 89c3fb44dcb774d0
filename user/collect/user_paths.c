/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/user_paths.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "collect/sample_sums.h"
#include "collect/samples.h"
#include "collect/stack_cache.h"
#include "collect/unwind_budget.h"
#include "collect/user_paths_losses.h"

#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull

/* How long a full buffer is waited for: a process that ends meanwhile takes what its stacks
 * mean with it, so the kernel wakes us at the first sample after we have read them all. */
#define POLL_MS 200
/* While samples come it wakes us for some only: bpf/sample.bpf.h. */
#define POLL_BUSY_MS 10

/* Programs that load code while they run: how soon a look at their mappings is worth it. */
#define REFRESH_NS (2 * NS_PER_S)
#define REFRESH_UNKNOWN_NS (50 * NS_PER_MS)
/* One that has just begun maps its libraries first: then after so much of the time it is known. */
#define REFRESH_YOUNG_DIV 4

/* Processes whose code is known at a time; a few MiB each when they are large. */
#define SPACES_MAX 64

struct space {
	struct proc_id id;
	uint32_t exec_id;
	uint64_t opened_ns, used_ns;
	struct unwind_space *unwind; /* NULL: cannot be read */
	struct stack_cache cache;
};

struct slot_info {
	uint32_t path;	/* 0: not ours */
	uint32_t pages; /* in the block */
	struct sample_weight weight;
	uint64_t time_ns;
};

struct user_paths {
	struct samples *samples;
	uint64_t page_size;
	int root_fd;
	pthread_t thread;
	bool running, stop;
	pthread_mutex_t drain;	/* who reads the ring buffer */
	struct code_book *book; /* its lock is for everything below, too */
	VEC(struct space) spaces;
	struct slot_info *slot;
	VEC(uint32_t) active; /* slots */
	struct unwind_result *result;
	struct unwind_budget budget;
	struct sampling_stats stats;
	uint64_t ends[_UNWIND_END_MAX];
	uint64_t n_failed; /* samples that could not be kept: no memory */
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* --- a sample --- */

static void space_clear(struct space *s)
{
	unwind_space__close(s->unwind);
	stack_cache__free(&s->cache);
}

static struct space *oldest_space(struct user_paths *p)
{
	struct space *oldest = p->spaces.v;

	vec_for_each(s, &p->spaces)
		if (s->used_ns < oldest->used_ns)
			oldest = s;
	return oldest;
}

static struct space *space_of(struct user_paths *p, struct proc_id id, uint32_t exec_id)
{
	struct space fresh = {.id = id, .exec_id = exec_id}, *place = NULL;

	vec_for_each(s, &p->spaces) {
		if (!proc_id_equal(s->id, id))
			continue;
		if (s->exec_id == exec_id)
			return s;
		place = s; /* it has executed another program */
	}
	fresh.opened_ns = clock_ns(CLOCK_MONOTONIC);
	if (unwind_space__open(p->root_fd, id, &p->book->modules, &fresh.unwind))
		fresh.unwind = NULL;
	if (!place && p->spaces.n >= SPACES_MAX)
		place = oldest_space(p);
	if (!place) {
		if (vec_push(&p->spaces, fresh) == 0)
			return &p->spaces.v[p->spaces.n - 1];
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

static void walk(struct user_paths *p, struct space *space, const struct mt_sample *s)
{
	struct unwind_result *r = p->result;
	bool full = s->stack_bytes >= samples__stack_bytes(p->samples);
	uint64_t now;

	unwind_space__walk(space->unwind, s, full, r);
	if (r->end != UNWIND_FAILED || !r->n || r->frame[r->n - 1].module)
		return;
	/* It came from where we know of no code: loaded since we looked, perhaps. */
	now = clock_ns(CLOCK_MONOTONIC);
	if (!unwind_space__refresh(space->unwind, now, refresh_ns(now - space->opened_ns)))
		unwind_space__walk(space->unwind, s, full, r);
}

static int intern(struct user_paths *p, struct space *space, const struct mt_sample *s,
		  uint32_t *ret_leaf)
{
	const struct unwind_result *r = p->result;
	struct path_frame_at at[UNWIND_FRAMES_MAX];
	int err;

	for (uint32_t i = 0; i < r->n; i++)
		at[i] = (struct path_frame_at){r->frame[i].module, r->frame[i].addr};
	err = path_table__stack(&p->book->table, at, r->n, ret_leaf);
	return err ? err : stack_cache__add(&space->cache, s, r, *ret_leaf);
}

/* Leaf of the sample's stack. */
static int find_stack(struct user_paths *p, const struct mt_sample *s, struct space *space,
		      uint32_t *ret_leaf, bool *ret_complete)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	const struct cached_stack *known;
	int err;

	p->stats.stacks++;
	space->used_ns = now;
	if (!space->unwind || (unwind_space__refresh(space->unwind, now, REFRESH_NS) &&
			       !unwind_space__has(space->unwind, sample_pc(s)))) {
		p->ends[UNWIND_NO_CODE]++;
		*ret_leaf = 0;
		*ret_complete = false;
		return 0;
	}
	known = stack_cache__find(&space->cache, s);
	if (known) {
		p->stats.repeated++;
		p->ends[UNWIND_WHOLE]++;
		*ret_leaf = known->leaf;
		*ret_complete = known->complete;
		return 0;
	}
	walk(p, space, s);
	p->ends[p->result->end]++;
	err = intern(p, space, s, ret_leaf);
	*ret_complete = p->result->end == UNWIND_WHOLE && *ret_leaf;
	return err;
}

static int add_sample(struct user_paths *p, const struct mt_sample *s)
{
	struct path_sample like = {
		.domain = PATH_USER,
		.proc = {s->tgid, s->start_ns / (NS_PER_S / 100)},
	};
	struct slot_info info = {.pages = s->pages, .time_ns = s->time_ns};
	struct space *space = space_of(p, like.proc, s->exec_id);
	int err = space ? find_stack(p, s, space, &like.leaf, &like.complete) : -ENOMEM;

	samples__comm(p->samples, s->slot, like.comm);
	if (!err)
		err = path_table__path(&p->book->table, &like, s->exec_id, &info.path);
	if (!err)
		err = vec_push(&p->active, s->slot);
	if (err)
		return err;
	info.weight = sample_weigh(s->pages * p->page_size, s->interval);
	p->slot[s->slot] = info;
	return 0;
}

static void on_sample(void *arg, const struct mt_sample *s, size_t size)
{
	struct user_paths *p = arg;

	(void)size;
	pthread_mutex_lock(&p->book->lock);
	if (!s->pages || !s->interval || add_sample(p, s)) {
		/* Its pages go on being counted to the process, and to no path. */
		p->n_failed++;
	}
	pthread_mutex_unlock(&p->book->lock);
}

/* --- slots --- */

static double share(const struct slot_info *info, uint32_t pages)
{
	return pages >= info->pages ? 1 : (double)pages / info->pages;
}

/* Slots all of whose pages were freed go back; what was taken stays in the path. */
static void recycle(struct user_paths *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->active.n; i++) {
		uint32_t slot = p->active.v[i];
		struct slot_info *info = &p->slot[slot];
		struct sample_state state = samples__state(p->samples, slot);

		if (state.live) {
			p->active.v[kept++] = slot;
			continue;
		}
		p->book->table.paths.v[info->path - 1].taken +=
			info->weight.bytes * share(info, state.pages);
		info->path = 0;
		samples__release(p->samples, slot);
	}
	p->active.n = kept;
}

static void sum_slot(struct user_paths *p, uint32_t slot, double *taken)
{
	const struct slot_info *info = &p->slot[slot];
	struct sample_state state = samples__state(p->samples, slot);
	struct path_entry *e = &p->book->table.paths.v[info->path - 1];
	double live = share(info, state.live);

	taken[info->path - 1] += info->weight.bytes * share(info, state.pages);
	if (!state.live)
		return;
	e->live += info->weight.bytes * live;
	e->variance += info->weight.variance * live * live;
	e->now.samples++;
	if (!e->now.oldest || info->time_ns < e->now.oldest)
		e->now.oldest = info->time_ns;
}

static int sum_up(struct user_paths *p)
{
	_cleanup_free_ double *taken = calloc(p->book->table.paths.n + 1, sizeof(*taken));

	if (!taken)
		return -ENOMEM;
	vec_for_each(e, &p->book->table.paths) {
		if (e->now.domain != PATH_USER)
			continue;
		e->live = e->variance = 0;
		e->now.samples = e->now.oldest = 0;
	}
	vec_for_each(slot, &p->active)
		sum_slot(p, *slot, taken);
	for (size_t i = 0; i < p->book->table.paths.n; i++) {
		struct path_entry *e = &p->book->table.paths.v[i];

		if (e->now.domain != PATH_USER)
			continue;
		e->now.live = (uint64_t)e->live;
		e->now.error = (uint64_t)(SAMPLE_ERROR_SIGMAS * sqrt(e->variance));
		e->now.taken = (uint64_t)(e->taken + taken[i]);
	}
	return 0;
}

/* --- the thread --- */

static int read_samples(struct user_paths *p)
{
	int n;

	pthread_mutex_lock(&p->drain);
	n = samples__consume(p->samples);
	pthread_mutex_unlock(&p->drain);
	return n;
}

static void keep_budget(struct user_paths *p)
{
	pthread_mutex_lock(&p->book->lock);
	p->stats.unwind_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	if (unwind_budget__spent(&p->budget, clock_ns(CLOCK_MONOTONIC), p->stats.unwind_ns))
		samples__set_interval(p->samples, p->budget.interval);
	p->stats.interval_bytes = p->budget.interval;
	recycle(p);
	pthread_mutex_unlock(&p->book->lock);
}

static bool must_stop(struct user_paths *p)
{
	return __atomic_load_n(&p->stop, __ATOMIC_ACQUIRE);
}

static void *run(void *arg)
{
	struct user_paths *p = arg;
	struct pollfd fd = {.fd = samples__fd(p->samples), .events = POLLIN};
	int n = 0;

	while (!must_stop(p)) {
		poll(&fd, 1, n > 0 ? POLL_BUSY_MS : POLL_MS);
		n = read_samples(p);
		keep_budget(p);
	}
	return NULL;
}

int user_paths__start(struct user_paths *p)
{
	sigset_t all, before;
	int err;

	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&p->thread, NULL, run, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	p->running = !err;
	return err;
}

static void user_paths__closep(struct user_paths **p)
{
	user_paths__close(*p);
}

int user_paths__open(struct pages *pages, int root_fd, const struct user_paths_options *o,
		     struct code_book *book, struct user_paths **ret)
{
	_cleanup_(user_paths__closep) struct user_paths *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->drain, NULL);
	p->book = book;
	p->root_fd = root_fd;
	p->page_size = sysconf(_SC_PAGESIZE);
	err = samples__open(pages, on_sample, p, &p->samples);
	if (err)
		return err;
	p->slot = calloc(samples__n_slots(p->samples), sizeof(*p->slot));
	p->result = malloc(sizeof(*p->result));
	if (!p->slot || !p->result)
		return -ENOMEM;
	unwind_budget__init(&p->budget, o->interval_bytes, o->budget_permille,
			    clock_ns(CLOCK_MONOTONIC));
	p->stats = (struct sampling_stats){
		.asked_bytes = o->interval_bytes,
		.interval_bytes = o->interval_bytes,
	};
	samples__set_interval(p->samples, o->interval_bytes);
	*ret = TAKE_PTR(p);
	return 0;
}

void user_paths__close(struct user_paths *p)
{
	if (!p)
		return;
	__atomic_store_n(&p->stop, true, __ATOMIC_RELEASE);
	if (p->running)
		pthread_join(p->thread, NULL);
	samples__close(p->samples);
	vec_for_each(s, &p->spaces)
		space_clear(s);
	vec_free(&p->spaces);
	vec_free(&p->active);
	pthread_mutex_destroy(&p->drain);
	free(p->slot);
	free(p->result);
	free(p);
}

/* --- for the sampler --- */

int user_paths__mark(struct user_paths *p, struct proc_id id, bool heirs)
{
	return samples__mark(p->samples, id, heirs);
}

void user_paths__forget(struct user_paths *p, struct proc_id id)
{
	if (samples__forget(p->samples, id))
		log_debug("pid %u was not marked", id.pid);
}

void user_paths__mark_owner(struct user_paths *p, uint32_t owner, bool heirs)
{
	samples__mark_owner(p->samples, owner, heirs);
}

int user_paths__tell(struct user_paths *p, bool last, struct tick *t)
{
	int err;

	if (last)
		read_samples(p);
	pthread_mutex_lock(&p->book->lock);
	err = sum_up(p);
	p->stats.whole = p->ends[UNWIND_WHOLE];
	if (!err)
		err = vec_push(&t->sampling, p->stats);
	pthread_mutex_unlock(&p->book->lock);
	return err;
}

int user_paths__limits(struct user_paths *p, struct limits *l)
{
	int err;

	pthread_mutex_lock(&p->book->lock);
	err = user_paths_losses(l, &(struct user_paths_losses){
					   .ends = p->ends,
					   .files_unreadable = p->book->modules.n_unreadable,
					   .files_over = p->book->modules.n_over,
					   .paths_over = p->book->table.n_over,
					   .failed = p->n_failed,
					   .widened = p->budget.n_widened,
				   });
	pthread_mutex_unlock(&p->book->lock);
	return err;
}
