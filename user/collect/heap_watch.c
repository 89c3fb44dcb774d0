/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is watched: from the start, or its fork, over what it maps and executes, to its end. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>

#include "base/log.h"
#include "base/clock.h"
#include "collect/heap_part.h"
#include "collect/pid.h"

#define NS_PER_MS 1000000ull

/* A program that has just begun maps its libraries first: looks at it 2, 4, 8 … ms apart. */
#define LOOK_NS (2 * NS_PER_MS)
#define LOOKS 10

struct heap_watched *heap_watch__find(const struct heap *h, uint64_t space)
{
	vec_for_each(w, &h->watched)
		if ((*w)->space == space)
			return *w;
	return NULL;
}

static struct heap_watched *find_pid(const struct heap *h, uint32_t pid)
{
	vec_for_each(w, &h->watched)
		if ((*w)->id.pid == pid && !(*w)->gone)
			return *w;
	return NULL;
}

static void release(struct heap *h, struct heap_watched *w)
{
	link_reaper__take(h->reaper, &w->links);
	unwind_space__close(w->unwind);
	w->unwind = NULL;
	vec_free(&w->rules);
	hmap_free(&w->rule_at);
	vec_free(&w->probed);
}

void heap_watch__free(struct heap *h, struct heap_watched *w)
{
	release(h, w);
	free(w);
}

static void read_comm(const struct heap *h, struct heap_watched *w)
{
	struct pid_stat st;

	if (!pid_stat_read(h->root_fd, w->id.pid, &st))
		memcpy(w->comm, st.comm, sizeof(w->comm));
}

static void open_unwind(struct heap *h, struct heap_watched *w)
{
	unwind_space__close(w->unwind);
	if (unwind_space__open(h->root_fd, w->id, &h->book->modules, &w->unwind))
		w->unwind = NULL;
}

struct found {
	VEC(int) fds;
};

static int add_fd(void *arg, const struct module *m)
{
	struct found *found = arg;

	return m->fd < 0 ? 0 : vec_push(&found->fds, m->fd);
}

/* Reads what it has mapped; files stay open as long as the book. */
static int read_modules(struct heap *h, struct heap_watched *w, struct found *ret)
{
	int err = 0;

	pthread_mutex_lock(&h->book->lock);
	if (w->unwind) {
		if (heap_stacks__refresh(h, w))
			log_debug("pid %u: mappings not read", w->id.pid);
		err = unwind_space__each_module(w->unwind, add_fd, ret);
	}
	pthread_mutex_unlock(&h->book->lock);
	return err;
}

static void note_allocator(struct heap *h, struct heap_watched *w)
{
	bool has = false;

	vec_for_each(file, &w->probed)
		has |= h->files.v[*file].functions.n > 0;
	if (has == !w->no_allocator)
		return;
	w->no_allocator = !has;
	h->counts.no_allocator += has ? -1 : 1;
}

/* Probes what has been mapped since. */
static int look(struct heap *h, struct heap_watched *w, bool is_late)
{
	struct found found = {};
	int err = read_modules(h, w, &found);

	vec_for_each(fd, &found.fds) {
		size_t before = w->probed.n;
		uint32_t file = 0;

		if (!err)
			err = heap_file__find(h, *fd, false, &file);
		if (!err)
			err = heap_probes__attach(h, w, file, *fd);
		if (!err && is_late && w->probed.n > before && h->files.v[file].functions.n)
			h->counts.late++;
	}
	vec_free(&found.fds);
	return err;
}

static int attach_candidates(struct heap *h, struct heap_watched *w)
{
	int err = 0;

	vec_for_each(file, &h->candidates)
		if (!err)
			err = heap_probes__attach(h, w, *file, h->files.v[*file].fd);
	return err;
}

/* The kernel side may know it already: it was forked by one that is watched. */
static void enroll(struct heap *h, struct heap_watched *w)
{
	struct mt_heap_proc p = {.space = w->space, .heirs = h->options.heirs};

	if (!bpf_map_update_elem(h->procs_fd, &w->id.pid, &p, BPF_NOEXIST))
		return;
	if (errno == EEXIST && !bpf_map_lookup_elem(h->procs_fd, &w->id.pid, &p))
		w->space = p.space;
	else
		h->counts.probes_failed++;
}

int heap_watch__add(struct heap *h, struct proc_id id, uint64_t space, bool waits)
{
	struct heap_watched *w;
	int err;

	if (find_pid(h, id.pid))
		return 0;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->id = id;
	w->space = space ?: clock_ns(CLOCK_BOOTTIME) << 22 | id.pid;
	read_comm(h, w);
	pthread_mutex_lock(&h->book->lock);
	open_unwind(h, w);
	err = vec_push(&h->watched, w);
	pthread_mutex_unlock(&h->book->lock);
	if (err) {
		heap_watch__free(h, w);
		return err;
	}
	if (waits)
		err = attach_candidates(h, w);
	if (!err)
		err = look(h, w, space != 0);
	if (!space) {
		enroll(h, w);
		h->counts.running += !waits;
	}
	if (!waits)
		note_allocator(h, w);
	return err;
}

void heap_watch__exec(struct heap *h, const struct mt_heap_event *e)
{
	struct heap_watched *w = find_pid(h, e->tgid);

	if (!w)
		return;
	heap_stacks__forget_rules(h, w);
	w->space = e->space;
	w->lost_path = 0;
	read_comm(h, w);
	open_unwind(h, w);
	w->looks = w->refreshes = 0;
	w->due_ns = clock_ns(CLOCK_MONOTONIC);
}

static void on_fork(struct heap *h, const struct mt_heap_event *e)
{
	struct pid_stat st;

	if (pid_stat_read(h->root_fd, e->tgid, &st))
		return; /* gone already */
	if (heap_watch__add(h, (struct proc_id){e->tgid, st.start_ticks}, e->space, false))
		h->counts.failed++;
}

void heap_watch__event(struct heap *h, const struct mt_heap_event *e)
{
	struct heap_watched *w = find_pid(h, e->tgid);

	if (e->type == MT_HEAP_FORK && !w)
		on_fork(h, e);
	else if (e->type == MT_HEAP_EXIT && w)
		w->gone = true;
}

static void look_again(struct heap *h, struct heap_watched *w, uint64_t now)
{
	if (look(h, w, true))
		h->counts.failed++;
	w->due_ns = ++w->looks < LOOKS ? now + (LOOK_NS << w->looks) : 0;
	if (!w->due_ns)
		note_allocator(h, w);
}

/* What it costs to watch is given back at once; who it was, when its last blocks are summed up,
 * which must not meet one that is being freed. */
static void bury(struct heap *h)
{
	size_t kept = 0;

	pthread_mutex_lock(&h->book->lock);
	vec_for_each(it, &h->watched) {
		struct heap_watched *w = *it;

		if (w->gone && !w->retired) {
			heap_stacks__forget_rules(h, w);
			release(h, w);
			w->due_ns = 0;
			w->retired = true;
		}
		if (w->retired && w->summed)
			free(w);
		else
			h->watched.v[kept++] = w;
	}
	h->watched.n = kept;
	pthread_mutex_unlock(&h->book->lock);
}

void heap_watch__look(struct heap *h, bool all)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	bury(h);
	vec_for_each(w, &h->watched)
		if (!(*w)->retired && (all || ((*w)->due_ns && (*w)->due_ns <= now)))
			look_again(h, *w, now);
}
