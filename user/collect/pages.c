/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/vec.h"
#include "collect/pages_table.h"

#define NS_PER_S 1000000000ull
#define CONSISTENT_TRIES 4

static_assert((int)MT_USER == (int)PAGES_USER && (int)MT_FILE == (int)PAGES_FILE &&
		      (int)MT_KERNEL == (int)PAGES_KERNEL &&
		      (int)MT_CLASSES == (int)_PAGE_CLASS_MAX,
	      "classes are the same numbers on both sides");

static void pages__closep(struct pages **p)
{
	pages__close(*p);
}

int pages__open(struct tracer *tracer, int root_fd, struct pages **ret)
{
	_cleanup_(pages__closep) struct pages *p = calloc(1, sizeof(*p));
	struct bpf_object *maps = tracer->shared.first;
	size_t cpus_size = tracer->machine.config.n_cpus * sizeof(struct mt_cpu);

	if (!p)
		return -ENOMEM;
	p->kpageflags = -1;
	if (!maps || !tracer__has(tracer, SOURCE_PAGE))
		return -ENODATA;
	p->tracer = tracer;
	p->owners_fd = bpf_object__find_map_fd_by_name(maps, "owners");
	p->ids_fd = bpf_object__find_map_fd_by_name(maps, "owner_ids");
	p->free_fd = bpf_object__find_map_fd_by_name(maps, "free_ids");
	p->cpu_fd = bpf_object__find_map_fd_by_name(maps, "cpu_state");
	p->table_fd = bpf_object__find_map_fd_by_name(maps, "page_owner");
	p->page_size = sysconf(_SC_PAGESIZE);
	p->ticks_per_s = sysconf(_SC_CLK_TCK);
	p->max_owner = MT_FIRST_OWNER - 1;
	p->cpu = calloc(1, cpus_size);
	p->cpu_again = calloc(1, cpus_size);
	if (!p->cpu || !p->cpu_again)
		return -ENOMEM;
	p->owners = mmap(NULL, tracer->max_owners * sizeof(*p->owners), PROT_READ | PROT_WRITE,
			 MAP_SHARED, p->owners_fd, 0);
	if (p->owners == MAP_FAILED) {
		p->owners = NULL;
		return -errno;
	}
	p->slots = mmap(NULL, pages_n_slots(p) * sizeof(*p->slots), PROT_READ | PROT_WRITE,
			MAP_SHARED, bpf_object__find_map_fd_by_name(maps, "sample_slots"), 0);
	if (p->slots == MAP_FAILED) {
		p->slots = NULL;
		return -errno;
	}
	p->kpageflags = openat(root_fd, "proc/kpageflags", O_RDONLY | O_CLOEXEC);
	p->kpageflags_err = p->kpageflags < 0 ? -errno : 0;
	p->root_fd = root_fd;
	p->has_moved_at_start = pages_moved(p, &p->moved_at_start) == 0;
	*ret = TAKE_PTR(p);
	return 0;
}

void pages__close(struct pages *p)
{
	if (!p)
		return;
	if (p->owners)
		munmap(p->owners, p->tracer->max_owners * sizeof(*p->owners));
	if (p->slots)
		munmap(p->slots, pages_n_slots(p) * sizeof(*p->slots));
	if (p->kpageflags >= 0)
		close(p->kpageflags);
	free(p->cpu);
	free(p->cpu_again);
	vec_free(&p->removed);
	free(p);
}

static bool flushed_between(const struct pages *p)
{
	for (uint32_t i = 0; i < p->tracer->machine.config.n_cpus; i++)
		if (p->cpu[i].alloc.flushes != p->cpu_again[i].alloc.flushes ||
		    p->cpu[i].free.flushes != p->cpu_again[i].free.flushes)
			return true;
	return false;
}

int pages_read_cpus(struct pages *p)
{
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(p->cpu_fd, &zero, p->cpu))
		return -errno;
	for (uint32_t i = 0; i < p->tracer->machine.config.n_cpus; i++)
		if (p->cpu[i].max_owner > p->max_owner)
			p->max_owner = p->cpu[i].max_owner;
	return 0;
}

void pages_count(const struct pages *p, uint32_t id, struct owner_counts *ret)
{
	const struct mt_owner *o = &p->owners[id];

	for (int c = 0; c < MT_CLASSES; c++) {
		ret->live[c] = __atomic_load_n(&o->live[c], __ATOMIC_RELAXED);
		ret->taken[c] = __atomic_load_n(&o->taken[c], __ATOMIC_RELAXED);
	}
	for (uint32_t i = 0; i < p->tracer->machine.config.n_cpus; i++) {
		const struct mt_pending *a = &p->cpu[i].alloc, *f = &p->cpu[i].free;

		for (int c = 0; c < MT_CLASSES; c++) {
			if (a->owner == id) {
				ret->live[c] += a->pages[c];
				ret->taken[c] += a->pages[c];
			}
			if (f->owner == id)
				ret->live[c] -= f->pages[c];
		}
	}
}

static enum owner_kind kind_of(uint32_t id, const struct mt_owner *o)
{
	if (id == MT_ASYNC)
		return OWNER_ASYNC;
	if (id == MT_OVERFLOW)
		return OWNER_OVERFLOW;
	if (o->flags & MT_OWNER_GROUP)
		return OWNER_EXITED_GROUP;
	return o->flags & MT_OWNER_KTHREAD ? OWNER_KTHREAD : OWNER_PROCESS;
}

/* exit_ns is CLOCK_BOOTTIME; reports are CLOCK_REALTIME. */
static uint64_t to_realtime(uint64_t boot_ns)
{
	return clock_ns(CLOCK_REALTIME) - (clock_ns(CLOCK_BOOTTIME) - boot_ns);
}

void pages_convert(const struct pages *p, uint32_t id, struct owner_sample *s)
{
	const struct mt_owner *o = &p->owners[id];
	uint64_t tick_ns = NS_PER_S / p->ticks_per_s;
	struct owner_counts n;

	pages_count(p, id, &n);
	*s = (struct owner_sample){
		.owner = id,
		.kind = kind_of(id, o),
		.dead = o->exit_ns != 0,
		.exit_ns = o->exit_ns ? to_realtime(o->exit_ns) : 0,
	};
	if (s->kind == OWNER_EXITED_GROUP) {
		s->members = o->parent_tgid;
		s->exit_ns = 0;
	} else if (id >= MT_FIRST_OWNER) {
		s->id = (struct proc_id){o->tgid, o->start_ns / tick_ns};
		s->parent = (struct proc_id){o->parent_tgid, o->parent_start_ns / tick_ns};
	}
	if (s->dead && s->kind == OWNER_PROCESS) {
		s->has_exit_status = true;
		s->exit_status = o->exit_code;
	}
	if (o->flags & MT_OWNER_EXIT_RSS) {
		s->has_exit_rss = true;
		s->exit_file = o->exit_rss[0] * p->page_size;
		s->exit_anon = o->exit_rss[1] * p->page_size;
		s->exit_swap = o->exit_rss[2] * p->page_size;
		s->exit_shmem = o->exit_rss[3] * p->page_size;
	}
	memcpy(s->comm, o->comm, sizeof(s->comm));
	for (int c = 0; c < MT_CLASSES; c++) {
		s->live[c] = n.live[c] * (int64_t)p->page_size;
		s->taken[c] = n.taken[c] * p->page_size;
	}
}

static int read_once(struct pages *p, struct owner_list *ret)
{
	int err = pages_read_cpus(p);

	ret->n = 0;
	if (!err)
		err = vec_reserve(ret, p->max_owner + 1 + p->removed.n);
	for (uint32_t id = MT_ASYNC; !err && id <= p->max_owner; id++) {
		const struct mt_owner *o = &p->owners[id];

		/* The two buckets have no process; an id in use has a tgid. */
		if (id >= MT_FIRST_OWNER && (!o->tgid || o->flags & MT_OWNER_FOLDED))
			continue;
		pages_convert(p, id, &ret->v[ret->n++]);
	}
	vec_for_each(removed, &p->removed)
		if (!err)
			ret->v[ret->n++] = *removed;
	return err;
}

/*
 * A CPU that moved its pending counts into `owners` between our two looks would
 * be counted twice or not at all: look again. On a machine where every CPU
 * allocates all the time the last try stands; each CPU's error is at most what
 * it held back, and it is gone with the next reading.
 */
int pages__read(struct pages *p, struct owner_list *ret)
{
	uint32_t zero = 0;
	bool raced = false;
	int err;

	for (int i = 0; i < CONSISTENT_TRIES; i++) {
		err = read_once(p, ret);
		if (!err && bpf_map_lookup_elem(p->cpu_fd, &zero, p->cpu_again))
			err = -errno;
		if (err)
			return err;
		raced = flushed_between(p);
		if (!raced)
			break;
	}
	p->n_races += raced;
	p->removed.n = 0;
	return 0;
}

int pages_walk(const struct pages *p,
	       int (*fn)(void *arg, uint64_t first_chunk, struct mt_chunk *v, uint64_t n),
	       void *arg)
{
	uint64_t chunks = p->tracer->machine.config.n_pages / MT_CHUNK, n;
	int err = 0;

	for (uint64_t first = 0; !err && first < chunks; first += n) {
		struct mt_chunk *v;

		n = chunks - first < PAGES_WINDOW_CHUNKS ? chunks - first : PAGES_WINDOW_CHUNKS;
		v = mmap(NULL, n * sizeof(*v), PROT_READ | PROT_WRITE, MAP_SHARED, p->table_fd,
			 (off_t)(first * sizeof(*v)));
		if (v == MAP_FAILED)
			return -errno;
		err = fn(arg, first, v, n);
		munmap(v, n * sizeof(*v));
	}
	return err;
}

bool pages__take_exec(struct pages *p, uint32_t owner)
{
	__u32 *flags = &p->owners[owner].flags;

	if (!(__atomic_load_n(flags, __ATOMIC_RELAXED) & MT_OWNER_EXECED))
		return false;
	return __atomic_fetch_and(flags, ~MT_OWNER_EXECED, __ATOMIC_RELAXED) & MT_OWNER_EXECED;
}

uint64_t pages__events(const struct pages *p)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < p->tracer->machine.config.n_cpus; i++)
		n += p->cpu[i].count[MT_C_ALLOCS] + p->cpu[i].count[MT_C_FREES];
	return n;
}
