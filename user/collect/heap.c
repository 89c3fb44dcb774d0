/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/heap.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/thread.h"
#include "collect/bpf/uprobe_multi.h"
#include "collect/heap_part.h"

#include "heap.skel.h"
#include "heap_session.skel.h"

#define POLL_MS 200
/* While programs begin. */
#define POLL_BUSY_MS 2

#define THREAD_NICE -10

/* Return addresses and paths of watched programs, threads within an allocation. */
#define MAX_RULES 65536
#define MAX_PATHS 32768
#define MAX_THREADS 8192

/* Ends before forks and execs: who ends meanwhile is not forgotten. */
static const char *const programs[] = {"heap_exit", "heap_exec", "heap_fork"};

/*
 * Tables that grow as needed take no memory while they are empty. From 6.1 on
 * (bpf_mem_alloc) the kernel can do so wherever a program runs; before, it warns.
 */
static bool can_grow(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool can = btf && btf__find_by_name_kind(btf, "bpf_mem_alloc", BTF_KIND_STRUCT) > 0;

	btf__free(btf);
	return can;
}

static void expect_session(struct bpf_object *obj)
{
	uprobe_multi_prepare(bpf_object__find_program_by_name(obj, HEAP_SESSION_PROGRAM));
}

static uint32_t n_slots(const struct heap *h)
{
	return h->session ? heap_nursery_slots(h->options.max_blocks) : 0;
}

static int load_one(struct heap *h, char reason[static BPF_REASON_SIZE])
{
	const uint32_t flags = can_grow() ? BPF_F_NO_PREALLOC : 0;
	const uint32_t slots = n_slots(h);
	const struct bpf_map_size sizes[] = {
		{"heap_blocks", h->options.max_blocks - slots, 0, flags},
		{"heap_nursery", slots ?: 1, 0, 0},
		{"heap_paths", MAX_PATHS, 0, flags},
		{"heap_rules", MAX_RULES, 0, flags},
		{"heap_threads", MAX_THREADS, 0, flags},
		{"heap_ring", MT_HEAP_RING_BYTES, 0, 0},
		{NULL, 0, 0, 0},
	};
	struct bpf_shared shared = {.sizes = sizes};
	const struct mt_config config = {
		.stack_bytes = h->options.stack_bytes,
		.heap_slots = slots,
	};
	struct bpf_spec spec = {.config = &config, .shared = &shared};

	spec.elf = h->session ? heap_session_bpf__elf_bytes(&spec.elf_size)
			      : heap_bpf__elf_bytes(&spec.elf_size);
	spec.prepare = h->session ? expect_session : NULL;
	return bpf_load(&spec, reason, &h->obj);
}

/* The dearer way is for kernels that do not know the other. */
static int load(struct heap *h, char reason[static BPF_REASON_SIZE])
{
	int err;

	h->session = true;
	err = load_one(h, reason);
	if (!err)
		return 0;
	log_debug("--heap without sessions: %s", reason);
	h->session = false;
	return load_one(h, reason);
}

static int map_fd(const struct heap *h, const char *name)
{
	return bpf_object__find_map_fd_by_name(h->obj, name);
}

static int on_record(void *ctx, void *data, size_t size)
{
	const struct mt_heap_event *e = data;
	struct heap *h = ctx;

	if (size < sizeof(*e))
		return 0;
	if (e->type == MT_HEAP_FORK || e->type == MT_HEAP_EXIT) {
		if (vec_push(&h->events, *e))
			h->counts.failed++;
		return 0;
	}
	pthread_mutex_lock(&h->book->lock);
	if (e->type == MT_HEAP_EXEC)
		heap_watch__exec(h, e);
	else if (size >= sizeof(struct mt_heap_stack))
		heap_stacks__add(h, data, size);
	pthread_mutex_unlock(&h->book->lock);
	return 0;
}

/* Probes are descriptors, two each: as many as may be. */
static void allow_descriptors(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l))
		return;
	l.rlim_cur = l.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &l))
		log_debug_errno(errno, "RLIMIT_NOFILE not raised, ignoring");
}

static int attach(struct heap *h, char reason[static BPF_REASON_SIZE])
{
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(programs) / sizeof(programs[0]); i++)
		err = bpf_attach(h->obj, programs[i], &h->links, reason);
	return err;
}

int heap__renew(struct heap *h)
{
	const struct mt_heap_control control = {h->options.interval_bytes, ++h->epoch, 0};
	uint32_t zero = 0;

	return bpf_map_update_elem(h->control_fd, &zero, &control, BPF_ANY) ? -errno : 0;
}

static int open_maps(struct heap *h)
{
	int err;

	h->procs_fd = map_fd(h, "heap_procs");
	h->rules_fd = map_fd(h, "heap_rules");
	h->paths_fd = map_fd(h, "heap_paths");
	h->blocks_fd = map_fd(h, "heap_blocks");
	h->cpu_fd = map_fd(h, "heap_cpu");
	h->n_cpus = (uint32_t)libbpf_num_possible_cpus();
	h->control_fd = map_fd(h, "heap_control");
	err = heap__renew(h);
	if (!err)
		err = heap_nursery__open(&h->nursery, map_fd(h, "heap_nursery"), n_slots(h));
	if (err)
		return err;
	h->ring = ring_buffer__new(map_fd(h, "heap_ring"), on_record, h, NULL);
	return h->ring ? 0 : -errno;
}

static void heap__closep(struct heap **h)
{
	heap__close(*h);
}

int heap__open(int root_fd, const struct heap_options *o, struct code_book *book,
	       char reason[static BPF_REASON_SIZE], struct heap **ret)
{
	_cleanup_(heap__closep) struct heap *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return -ENOMEM;
	h->root_fd = root_fd;
	h->options = *o;
	h->book = book;
	pthread_mutex_init(&h->drain, NULL);
#ifndef __x86_64__
	snprintf(reason, BPF_REASON_SIZE, "only on x86-64 so far");
	return -EOPNOTSUPP;
#endif
	h->scratch = malloc(sizeof(*h->scratch) + o->stack_bytes);
	if (!h->scratch)
		return -ENOMEM;
	allow_descriptors();
	err = link_reaper__new(&h->reaper);
	if (!err)
		err = load(h, reason);
	if (!err)
		err = open_maps(h);
	if (!err)
		err = attach(h, reason);
	if (!err && o->command)
		err = heap_candidates__find(h, o->command);
	if (err)
		return err;
	*ret = TAKE_PTR(h);
	return 0;
}

static void free_files(struct heap *h)
{
	vec_for_each(f, &h->files) {
		cleanup_close(&f->fd);
		vec_free(&f->functions);
	}
	vec_free(&h->files);
}

void heap__close(struct heap *h)
{
	if (!h)
		return;
	__atomic_store_n(&h->stop, true, __ATOMIC_RELEASE);
	if (h->running)
		pthread_join(h->thread, NULL);
	vec_for_each(w, &h->watched)
		heap_watch__free(h, *w);
	link_reaper__free(h->reaper);
	bpf_links__free(&h->links);
	ring_buffer__free(h->ring);
	heap_nursery__close(&h->nursery);
	bpf_object__close(h->obj);
	free_files(h);
	vec_free(&h->watched);
	vec_free(&h->wanted);
	vec_free(&h->events);
	vec_free(&h->candidates);
	vec_free(&h->recent);
	hmap_free(&h->paths);
	hmap_free(&h->pending);
	pthread_mutex_destroy(&h->drain);
	free(h->scratch);
	free(h);
}

/* --- the thread --- */

static int read_ring(struct heap *h)
{
	int n;

	pthread_mutex_lock(&h->drain);
	n = ring_buffer__consume(h->ring);
	pthread_mutex_unlock(&h->drain);
	return n;
}

static bool next_event(struct heap *h, size_t *i, struct mt_heap_event *ret)
{
	bool has;

	pthread_mutex_lock(&h->drain);
	has = *i < h->events.n;
	if (has)
		*ret = h->events.v[(*i)++];
	else
		h->events.n = 0;
	pthread_mutex_unlock(&h->drain);
	return has;
}

static bool next_wanted(struct heap *h, struct proc_id *ret)
{
	bool has;

	pthread_mutex_lock(&h->book->lock);
	has = h->wanted.n > 0;
	if (has)
		*ret = h->wanted.v[--h->wanted.n];
	pthread_mutex_unlock(&h->book->lock);
	return has;
}

static void follow(struct heap *h)
{
	struct mt_heap_event e;
	struct proc_id id;
	size_t i = 0;

	while (next_event(h, &i, &e))
		heap_watch__event(h, &e);
	while (next_wanted(h, &id))
		if (heap_watch__add(h, id, 0, false))
			h->counts.failed++;
	heap_watch__look(h, __atomic_exchange_n(&h->rescan, false, __ATOMIC_ACQ_REL));
}

static bool is_busy(const struct heap *h)
{
	vec_for_each(w, &h->watched)
		if ((*w)->due_ns)
			return true;
	return false;
}

static void *run(void *arg)
{
	struct heap *h = arg;
	struct pollfd fd = {.fd = ring_buffer__epoll_fd(h->ring), .events = POLLIN};

	/* Of a thread, on Linux. Stacks of a program that ends before they are looked at have no
	 * names: on a busy machine its turn has to come soon. */
	if (setpriority(PRIO_PROCESS, 0, THREAD_NICE))
		log_debug_errno(errno, "--heap at its usual priority, ignoring");
	while (!__atomic_load_n(&h->stop, __ATOMIC_ACQUIRE)) {
		poll(&fd, 1, is_busy(h) ? POLL_BUSY_MS : POLL_MS);
		read_ring(h);
		follow(h);
	}
	return NULL;
}

int heap__start(struct heap *h)
{
	int err = thread_start(&h->thread, run, h);
	h->running = !err;
	return err;
}

/* --- for the sampler --- */

static bool is_watched(const struct heap *h, struct proc_id id)
{
	vec_for_each(w, &h->watched)
		if (proc_id_equal((*w)->id, id))
			return true;
	vec_for_each(w, &h->wanted)
		if (proc_id_equal(*w, id))
			return true;
	return false;
}

int heap__watch(struct heap *h, struct proc_id id, bool waits)
{
	int err = 0;

	if (!h->running)
		return heap_watch__add(h, id, 0, waits);
	pthread_mutex_lock(&h->book->lock);
	if (!is_watched(h, id))
		err = vec_push(&h->wanted, id);
	pthread_mutex_unlock(&h->book->lock);
	return err;
}

int heap__tell(struct heap *h, bool last)
{
	if (last)
		read_ring(h);
	else
		__atomic_store_n(&h->rescan, true, __ATOMIC_RELEASE);
	return heap_sum(h);
}
