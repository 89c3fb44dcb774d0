/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/user_paths.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "collect/path_ages.h"
#include "collect/sample_sums.h"
#include "collect/samples.h"
#include "collect/unwind_budget.h"
#include "collect/user_paths_losses.h"

#define NS_PER_MS 1000000ull

/* How long a full buffer is waited for: a process that ends meanwhile takes what its stacks
 * mean with it, so the kernel wakes us at the first sample after we have read them all. */
#define POLL_MS 200
/* While samples come it wakes us for some only: bpf/sample.bpf.h. */
#define POLL_BUSY_MS 10

struct slot_info {
	uint32_t path;	/* 0: not ours */
	uint32_t pages; /* in the block */
	struct sample_weight weight;
	uint64_t time_ns;
};

struct user_paths {
	struct samples *samples;
	uint64_t page_size;
	pthread_t thread;
	bool running, stop;
	pthread_mutex_t drain;	     /* who reads the ring buffer */
	struct code_book *book;	     /* its lock is for everything below, too */
	struct stack_walker *walker; /* not owned */
	struct slot_info *slot;
	VEC(uint32_t) active; /* slots */
	struct unwind_budget budget;
	uint64_t widest; /* interval of a sample, since the budget was last looked at */
	struct sampling_stats stats;
	struct walk_stats walks;
	struct age_moments age_moments;
	uint64_t n_failed; /* samples that could not be kept: no memory */
};

/* --- a sample --- */

static int add_sample(struct user_paths *p, const struct mt_sample *s)
{
	struct path_sample like = {
		.domain = PATH_USER,
		.proc = sample_proc(s),
	};
	struct slot_info info = {.pages = s->pages, .time_ns = s->time_ns};
	int err = stack_walker__leaf(p->walker, s, &p->walks, &like.leaf, &like.complete);

	samples__comm(p->samples, s->slot, like.comm);
	if (!err)
		err = path_table__path(&p->book->table, &like, s->exec_id, &info.path);
	if (!err)
		err = vec_push(&p->active, s->slot);
	if (err)
		return err;
	info.weight = sample_weigh(s->pages * p->page_size, s->interval);
	p->slot[s->slot] = info;
	if (s->interval > p->widest)
		p->widest = s->interval;
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

static void keep_gone(struct path_entry *e, const struct slot_info *info, struct sample_state state)
{
	double ended = share(info, state.ended);

	e->taken += info->weight.bytes * share(info, state.pages);
	e->at_exit += info->weight.bytes * ended;
	e->exit_variance += info->weight.variance * ended * ended;
	e->exit_samples += ended > 0;
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
		keep_gone(&p->book->table.paths.v[info->path - 1], info, state);
		info->path = 0;
		samples__release(p->samples, slot);
	}
	p->active.n = kept;
}

/* What comes to the sums of samples that are gone. */
struct path_sums {
	double taken, at_exit;
};

static void sum_slot(struct user_paths *p, uint32_t slot, struct path_sums *sums)
{
	const struct slot_info *info = &p->slot[slot];
	struct sample_state state = samples__state(p->samples, slot);
	struct path_entry *e = &p->book->table.paths.v[info->path - 1];
	double live = share(info, state.live), ended = share(info, state.ended);

	sums[info->path - 1].taken += info->weight.bytes * share(info, state.pages);
	sums[info->path - 1].at_exit += info->weight.bytes * ended;
	e->variance += info->weight.variance * ended * ended;
	e->now.samples += state.live || state.ended;
	if (!state.live)
		return;
	e->live += info->weight.bytes * live;
	e->variance += info->weight.variance * live * live;
	if (!e->now.oldest || info->time_ns < e->now.oldest)
		e->now.oldest = info->time_ns;
}

static int sum_up(struct user_paths *p)
{
	_cleanup_free_ struct path_sums *sums = calloc(p->book->table.paths.n + 1, sizeof(*sums));

	if (!sums)
		return -ENOMEM;
	vec_for_each(e, &p->book->table.paths) {
		if (e->now.domain != PATH_USER)
			continue;
		e->live = 0;
		e->variance = e->exit_variance;
		e->now.samples = e->exit_samples;
		e->now.oldest = 0;
	}
	vec_for_each(slot, &p->active)
		sum_slot(p, *slot, sums);
	for (size_t i = 0; i < p->book->table.paths.n; i++) {
		struct path_entry *e = &p->book->table.paths.v[i];

		if (e->now.domain != PATH_USER)
			continue;
		e->now.live = (uint64_t)e->live;
		e->now.error = (uint64_t)(SAMPLE_ERROR_SIGMAS * sqrt(e->variance));
		e->now.taken = (uint64_t)(e->taken + sums[i].taken);
		e->now.at_exit = (uint64_t)(e->at_exit + sums[i].at_exit);
	}
	return 0;
}

static int tell_ages(struct user_paths *p, bool last, struct tick *t)
{
	_cleanup_(age_sums__free) struct age_sums sums = {0};
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	int err;

	if (!age_moments__due(&p->age_moments, now, last))
		return 0;
	err = age_sums__begin(&sums, p->book->table.paths.n, p->age_moments.begin_ns, now);
	if (err)
		return err;
	vec_for_each(slot, &p->active) {
		const struct slot_info *info = &p->slot[*slot];
		double live = share(info, samples__state(p->samples, *slot).live);

		age_sums__add(&sums, info->path, info->time_ns, info->weight.bytes * live);
	}
	p->age_moments.told_ns = now;
	return age_sums__tell(&sums, t);
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
	/* The kernel side widens it by itself where much is taken at once. */
	p->stats.interval_bytes = p->widest > p->budget.interval ? p->widest : p->budget.interval;
	p->widest = 0;
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
	int err = thread_start(&p->thread, run, p);
	p->running = !err;
	return err;
}

static void user_paths__closep(struct user_paths **p)
{
	user_paths__close(*p);
}

int user_paths__open(struct pages *pages, const struct user_paths_options *o,
		     struct stack_walker *walker, struct user_paths **ret)
{
	_cleanup_(user_paths__closep) struct user_paths *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->drain, NULL);
	p->book = walker->book;
	p->walker = walker;
	p->page_size = sysconf(_SC_PAGESIZE);
	err = samples__open(pages, on_sample, p, &p->samples);
	if (err)
		return err;
	p->slot = calloc(samples__n_slots(p->samples), sizeof(*p->slot));
	if (!p->slot)
		return -ENOMEM;
	unwind_budget__init(&p->budget, o->interval_bytes, o->budget_permille,
			    clock_ns(CLOCK_MONOTONIC));
	p->stats = (struct sampling_stats){
		.asked_bytes = o->interval_bytes,
		.interval_bytes = o->interval_bytes,
	};
	samples__set_interval(p->samples, o->interval_bytes);
	p->age_moments.begin_ns = clock_ns(CLOCK_BOOTTIME);
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
	vec_free(&p->active);
	pthread_mutex_destroy(&p->drain);
	free(p->slot);
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
	p->stats.stacks = p->walks.stacks;
	p->stats.repeated = p->walks.repeated;
	p->stats.whole = p->walks.ends[UNWIND_WHOLE];
	if (!err)
		err = vec_push(&t->sampling, p->stats);
	if (!err)
		err = tell_ages(p, last, t);
	pthread_mutex_unlock(&p->book->lock);
	return err;
}

int user_paths__limits(struct user_paths *p, struct limits *l)
{
	int err;

	pthread_mutex_lock(&p->book->lock);
	err = user_paths_losses(l, &(struct user_paths_losses){
					   .ends = p->walks.ends,
					   .files_unreadable = p->book->modules.n_unreadable,
					   .files_over = p->book->modules.n_over,
					   .paths_over = p->book->table.n_over,
					   .failed = p->n_failed,
					   .widened = p->budget.n_widened,
				   });
	pthread_mutex_unlock(&p->book->lock);
	return err;
}
