/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/vma_paths.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "collect/sample_sums.h"
#include "collect/unwind_budget.h"
#include "collect/vma_look.h"
#include "collect/vma_losses.h"
#include "collect/vma_spaces.h"
#include "collect/vma_trace.h"

/* As for samples of pages: see user_paths.c. */
#define POLL_MS 200
#define POLL_BUSY_MS 10

/* Ranges of all processes together: 72 bytes each. */
#define RANGES_MAX 262144

/* Usual; of mappings of another size the look at the end tells the difference. */
#define HUGE_PAGE_BYTES (2u << 20)

struct vma_paths {
	struct vma_trace *trace;
	int root_fd;
	pthread_t thread;
	bool running, stop;
	pthread_mutex_t drain;	     /* who reads the ring buffer */
	struct stack_walker *walker; /* not owned */
	struct code_book *book;	     /* the walker's; its lock is for everything below, too */
	struct vma_spaces spaces;
	VEC(struct mapped_sample) told; /* what was told of each process last */
	struct unwind_budget budget;
	struct walk_stats walks;
	struct vma_losses losses;
	uint32_t n_ranges; /* of all spaces, a moment ago */
	uint64_t lost;	   /* of counts, when all spaces were looked at last */
	bool heirs, paused;
	char *text; /* of maps */
	size_t text_cap;
};

/* --- records --- */

/* The path of what a call added, and how much it stands for. */
static int find_path(struct vma_paths *p, const struct mt_vma *v, uint64_t bytes,
		     struct range_tag *tag)
{
	struct path_sample like = {.domain = PATH_MMAP, .proc = sample_proc(&v->at)};
	int err = 0;

	if (v->flags & MT_VMA_NOT_TAKEN) {
		tag->p = 0;
		return 0;
	}
	memcpy(like.comm, v->comm, sizeof(like.comm));
	if (v->flags & MT_VMA_STACK)
		err = stack_walker__leaf(p->walker, &v->at, &p->walks, &like.leaf, &like.complete);
	if (!err)
		err = path_table__path(&p->book->table, &like, v->at.exec_id, &tag->path);
	if (err)
		return err;
	tag->p = v->at.interval ? -expm1(-(double)bytes / (double)v->at.interval) : 1;
	p->book->table.paths.v[tag->path - 1].taken += (double)bytes / tag->p;
	return 0;
}

static int add_call(struct vma_paths *p, const struct mt_vma *v)
{
	struct range_tag tag = {
		.since_ns = v->at.time_ns,
		.origin = v->kind == MT_VMA_BRK ? RANGE_BRK : RANGE_MMAP,
	};
	uint64_t bytes = vma_added_bytes(&p->spaces, v);
	int err = bytes ? find_path(p, v, bytes, &tag) : 0;

	return err ?: vma_spaces__apply(&p->spaces, v, &tag);
}

static int inherit(void *arg, struct proc_id child, uint32_t path, uint32_t *ret_path)
{
	struct vma_paths *p = arg;
	const struct path_entry *e = &p->book->table.paths.v[path - 1];
	struct path_sample like = {
		.domain = PATH_MMAP,
		.proc = child,
		.leaf = e->now.leaf,
		.complete = e->now.complete,
	};

	memcpy(like.comm, e->now.comm, sizeof(like.comm));
	return path_table__path(&p->book->table, &like, e->exec_id, ret_path);
}

static int add_record(struct vma_paths *p, const struct mt_vma *v)
{
	switch (v->kind) {
	case MT_VMA_FORK:
		return p->heirs ? vma_spaces__fork(&p->spaces, v, inherit, p) : 0;
	case MT_VMA_EXEC:
		return vma_spaces__exec(&p->spaces, v);
	case MT_VMA_EXIT:
		vma_spaces__remove(&p->spaces, sample_proc(&v->at));
		return 0;
	default:
		return add_call(p, v);
	}
}

static void on_record(void *arg, const struct mt_vma *v)
{
	struct vma_paths *p = arg;

	pthread_mutex_lock(&p->book->lock);
	if (p->n_ranges >= RANGES_MAX && v->kind != MT_VMA_EXIT && v->kind != MT_VMA_UNMAP)
		p->losses.failed++;
	else if (add_record(p, v))
		p->losses.failed++;
	pthread_mutex_unlock(&p->book->lock);
}

/* --- looks --- */

#define LOOK_TRIES 4

static void look_at_all(struct vma_paths *p)
{
	vec_for_each(space, &p->spaces.spaces)
		(*space)->look_due = true;
}

/* One text of one process. 0; -EAGAIN: something happened meanwhile; or -errno. */
static int look_once(struct vma_paths *p, struct proc_id id, bool last_try)
{
	uint64_t at_ns = clock_ns(CLOCK_BOOTTIME), stale = 0;
	ssize_t n = vma_maps_read(p->root_fd, id, &p->text, &p->text_cap);
	const struct vma_process *proc;
	int err = n < 0 ? (int)n : 0;

	vma_trace__consume(p->trace);
	pthread_mutex_lock(&p->book->lock);
	proc = vma_spaces__find(&p->spaces, id);
	if (!err && !proc)
		err = -ESRCH;
	/* At first whatever is there is new: what happened meanwhile is known better. */
	if (!err && proc->space->changed_ns >= at_ns && (!last_try || proc->space->base_known))
		err = -EAGAIN;
	if (!err)
		err = vma_space__look(proc->space, (struct cursor){p->text, p->text + n}, at_ns,
				      &stale);
	p->losses.stale_bytes += stale;
	if (last_try && proc)
		proc->space->look_due = false;
	pthread_mutex_unlock(&p->book->lock);
	return err;
}

static void look(struct vma_paths *p, struct proc_id id)
{
	int err = -EAGAIN;

	for (int try = 1; err == -EAGAIN && try <= LOOK_TRIES; try++) {
		vma_trace__consume(p->trace);
		err = look_once(p, id, try == LOOK_TRIES);
	}
	if (err && err != -ESRCH && err != -ENOENT)
		p->losses.looks_failed++;
}

/* With the drain lock held: between two readings of the buffer nobody else may read from it. */
static void look_at_due(struct vma_paths *p, bool all)
{
	VEC(struct proc_id) due = {};

	pthread_mutex_lock(&p->book->lock);
	vec_for_each(proc, &p->spaces.procs)
		if ((all || proc->space->look_due) && vec_push(&due, proc->id))
			break;
	pthread_mutex_unlock(&p->book->lock);
	vec_for_each(id, &due)
		look(p, *id);
	vec_free(&due);
}

/* --- the thread --- */

static void control(struct vma_paths *p)
{
	uint64_t interval = p->budget.interval;

	/* One in a page is every one. */
	vma_trace__control(p->trace, interval > p->spaces.page_size ? interval : 0, p->paused);
}

/* So far over the budget even calls without stacks are too many. */
#define PAUSE_DEBT_NS 500e6

static void keep_budget(struct vma_paths *p)
{
	bool changed = unwind_budget__spent(&p->budget, clock_ns(CLOCK_MONOTONIC),
					    clock_ns(CLOCK_THREAD_CPUTIME_ID));
	bool paused = p->budget.credit_ns < (p->paused ? 0 : -PAUSE_DEBT_NS);

	if (paused == p->paused && !changed)
		return;
	if (!paused && p->paused)
		look_at_all(p);
	p->losses.pauses += paused && !p->paused;
	p->losses.widened = p->budget.n_widened;
	p->paused = paused;
	control(p);
}

static void count_losses(struct vma_paths *p)
{
	uint32_t n = 0;

	vma_trace__counts(p->trace, &p->losses.counts);
	if (p->losses.counts.lost != p->lost)
		look_at_all(p);
	p->lost = p->losses.counts.lost;
	vec_for_each(space, &p->spaces.spaces)
		n += (*space)->ranges.n;
	p->n_ranges = n;
}

/* Records that were read, or -errno. */
static int read_records(struct vma_paths *p, bool look_at_each)
{
	int n;

	pthread_mutex_lock(&p->drain);
	n = vma_trace__consume(p->trace);
	pthread_mutex_lock(&p->book->lock);
	count_losses(p);
	pthread_mutex_unlock(&p->book->lock);
	look_at_due(p, look_at_each);
	pthread_mutex_unlock(&p->drain);
	return n;
}

static void *run(void *arg)
{
	struct vma_paths *p = arg;
	struct pollfd fd = {.fd = vma_trace__fd(p->trace), .events = POLLIN};
	int n = 0;

	while (!__atomic_load_n(&p->stop, __ATOMIC_ACQUIRE)) {
		poll(&fd, 1, n > 0 ? POLL_BUSY_MS : POLL_MS);
		n = read_records(p, false);
		pthread_mutex_lock(&p->book->lock);
		keep_budget(p);
		pthread_mutex_unlock(&p->book->lock);
	}
	return NULL;
}

int vma_paths__start(struct vma_paths *p)
{
	int err = thread_start(&p->thread, run, p);
	p->running = !err;
	return err;
}

static void vma_paths__closep(struct vma_paths **p)
{
	vma_paths__close(*p);
}

int vma_paths__open(struct tracer *tracer, int root_fd, uint32_t budget_permille,
		    struct stack_walker *walker, struct vma_paths **ret)
{
	_cleanup_(vma_paths__closep) struct vma_paths *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->drain, NULL);
	p->root_fd = root_fd;
	p->walker = walker;
	p->book = walker->book;
	p->spaces.page_size = sysconf(_SC_PAGESIZE);
	p->spaces.huge_size = HUGE_PAGE_BYTES;
	err = vma_trace__open(tracer, on_record, p, &p->trace);
	if (err)
		return err;
	unwind_budget__init(&p->budget, p->spaces.page_size, budget_permille,
			    clock_ns(CLOCK_MONOTONIC));
	control(p);
	*ret = TAKE_PTR(p);
	return 0;
}

void vma_paths__close(struct vma_paths *p)
{
	if (!p)
		return;
	__atomic_store_n(&p->stop, true, __ATOMIC_RELEASE);
	if (p->running)
		pthread_join(p->thread, NULL);
	vma_trace__close(p->trace);
	vma_spaces__free(&p->spaces);
	vec_free(&p->told);
	pthread_mutex_destroy(&p->drain);
	free(p->text);
	free(p);
}

/* --- for the sampler --- */

int vma_paths__mark(struct vma_paths *p, struct proc_id id, bool heirs)
{
	int err = vma_trace__mark(p->trace, id, heirs);

	pthread_mutex_lock(&p->book->lock);
	p->heirs |= heirs;
	if (!err)
		err = vma_spaces__add(&p->spaces, id);
	pthread_mutex_unlock(&p->book->lock);
	return err;
}

void vma_paths__forget(struct vma_paths *p, struct proc_id id)
{
	vma_trace__forget(p->trace, id);
	pthread_mutex_lock(&p->book->lock);
	vma_spaces__remove(&p->spaces, id);
	pthread_mutex_unlock(&p->book->lock);
}

uint64_t vma_paths__last_ns(struct vma_paths *p)
{
	uint64_t last = 0;

	pthread_mutex_lock(&p->book->lock);
	vec_for_each(space, &p->spaces.spaces)
		if ((*space)->changed_ns > last)
			last = (*space)->changed_ns;
	pthread_mutex_unlock(&p->book->lock);
	return last;
}

int vma_paths__rest(struct vma_paths *p, bool rest)
{
	int err = vma_trace__calls(p->trace, !rest);

	pthread_mutex_lock(&p->book->lock);
	if (!rest)
		look_at_all(p);
	p->losses.rests += rest;
	pthread_mutex_unlock(&p->book->lock);
	return err;
}

static int sum_range(void *arg, uint64_t start, uint64_t end, struct range_tag *tag)
{
	struct path_table *t = arg;
	double bytes;
	struct path_entry *e;

	if (!tag->path || !(tag->p > 0))
		return 0;
	bytes = (double)(end - start) / tag->p;
	e = &t->paths.v[tag->path - 1];
	e->live += bytes;
	e->variance += bytes * bytes * (1 - tag->p);
	e->now.samples++;
	if (!e->now.oldest || tag->since_ns < e->now.oldest)
		e->now.oldest = tag->since_ns;
	return 0;
}

static void sum_up(struct vma_paths *p)
{
	struct path_table *t = &p->book->table;

	vec_for_each(e, &t->paths) {
		if (e->now.domain != PATH_MMAP)
			continue;
		e->live = e->variance = 0;
		e->now.samples = e->now.oldest = 0;
	}
	vec_for_each(space, &p->spaces.spaces)
		ranges__each(&(*space)->ranges, sum_range, t);
	vec_for_each(e, &t->paths) {
		if (e->now.domain != PATH_MMAP)
			continue;
		e->now.live = (uint64_t)llround(e->live);
		e->now.error = (uint64_t)(SAMPLE_ERROR_SIGMAS * sqrt(e->variance));
		e->now.taken = (uint64_t)llround(e->taken);
	}
}

static struct mapped_sample *told_of(struct vma_paths *p, struct proc_id id)
{
	vec_for_each(m, &p->told)
		if (proc_id_equal(m->id, id))
			return m;
	return NULL;
}

/* What is new, or changed. */
static int tell_one(struct vma_paths *p, const struct mapped_sample *now, struct tick *t)
{
	struct mapped_sample *told = told_of(p, now->id);
	int err;

	if (told && told->mmap == now->mmap && told->brk == now->brk &&
	    told->before == now->before && told->unseen == now->unseen)
		return 0;
	err = vec_push(&t->mapped, *now);
	if (!err && told)
		*told = *now;
	else if (!err)
		err = vec_push(&p->told, *now);
	return err;
}

static int tell_processes(struct vma_paths *p, struct tick *t)
{
	int err = 0;

	p->losses.unseen_bytes = 0;
	vec_for_each(proc, &p->spaces.procs) {
		struct vma_bytes b;

		if (!proc->asked)
			continue;
		vma_space__bytes(proc->space, &b);
		p->losses.unseen_bytes += b.of[RANGE_UNSEEN];
		err = err
			      ?: tell_one(p,
					  &(struct mapped_sample){
						  .id = proc->id,
						  .mmap = b.of[RANGE_MMAP],
						  .brk = b.of[RANGE_BRK],
						  .before = b.of[RANGE_BEFORE],
						  .unseen = b.of[RANGE_UNSEEN],
					  },
					  t);
	}
	/* Who has ended has nothing. */
	for (size_t i = 0; !err && i < p->told.n;) {
		struct mapped_sample gone = {.id = p->told.v[i].id};

		if (vma_spaces__find(&p->spaces, gone.id)) {
			i++;
			continue;
		}
		err = vec_push(&t->mapped, gone);
		if (!err)
			p->told.v[i] = p->told.v[--p->told.n];
	}
	return err;
}

int vma_paths__tell(struct vma_paths *p, bool last, struct tick *t)
{
	int err;

	if (last)
		read_records(p, true);
	pthread_mutex_lock(&p->book->lock);
	sum_up(p);
	err = tell_processes(p, t);
	pthread_mutex_unlock(&p->book->lock);
	return err;
}

int vma_paths__limits(struct vma_paths *p, struct limits *l)
{
	int err;

	pthread_mutex_lock(&p->book->lock);
	p->losses.no_code = p->walks.ends[UNWIND_NO_CODE];
	err = vma_losses__tell(&p->losses, l);
	pthread_mutex_unlock(&p->book->lock);
	return err;
}
