/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/kernel_paths.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/hmap.h"
#include "base/log.h"
#include "collect/pages_table.h"
#include "collect/sample_sums.h"

#define NS_PER_S 1000000000ull
#define BATCH 256

/* A block of 256 KiB is in the sample with 63 %, 256 MiB are told to within 6 % by any blocks. */
#define INTERVAL_MIN (256u << 10)
#define INTERVAL_STEPS 6
/* Stacks told apart: beyond it paths have none, and are counted. */
#define STACKS_MAX 32768

/* Paths told by process; of PATHS_MAX that the book has for all domains. */
#define PROC_PATHS_MAX (PATHS_MAX / 4)

struct known_stack {
	uint32_t leaf;
	bool complete, irq;
};

struct kernel_paths {
	struct pages *pages;
	struct code_book *book;
	struct mt_sample_control *control;
	int samples_fd, stacks_fd, cgroups_fd;
	VEC(__u64) keys; /* of the last reading, slot and turn, as the samples */
	VEC(struct mt_kernel_sample) samples;
	struct hmap stack_index; /* key of a stack -> stacks */
	VEC(struct known_stack) stacks;
	uint64_t n_stacks_over;
	size_t n_paths; /* of ours in the book */
};

uint64_t kernel_paths_interval(uint32_t used, uint32_t n)
{
	uint64_t interval = INTERVAL_MIN;
	uint32_t rest = n / 2, full = rest;

	for (int i = 0; i < INTERVAL_STEPS && used >= full; i++) {
		interval *= 4;
		rest /= 2;
		full += rest;
	}
	return interval;
}

static void fill_free_slots(const struct tracer *t, int fd)
{
	for (uint32_t i = t->n_kernel_slots; i-- > 0;) {
		uint32_t id = t->n_slots + i;

		if (bpf_map_update_elem(fd, NULL, &id, BPF_ANY))
			break;
	}
}

static void kernel_paths__closep(struct kernel_paths **k)
{
	kernel_paths__close(*k);
}

static void set_interval(struct kernel_paths *k, uint64_t bytes)
{
	__atomic_store_n(&k->control->kernel_interval, bytes, __ATOMIC_RELAXED);
}

int kernel_paths__open(struct pages *pages, struct code_book *book, struct kernel_paths **ret)
{
	_cleanup_(kernel_paths__closep) struct kernel_paths *k = calloc(1, sizeof(*k));
	const struct tracer *t = pages->tracer;
	const struct bpf_object *obj = t->obj[SOURCE_PAGE];

	if (!k)
		return -ENOMEM;
	k->pages = pages;
	k->book = book;
	k->samples_fd = bpf_object__find_map_fd_by_name(t->shared.first, "kernel_samples");
	k->stacks_fd = bpf_object__find_map_fd_by_name(obj, "kstacks");
	k->cgroups_fd = bpf_object__find_map_fd_by_name(obj, "cgroup_names");
	k->control = mmap(NULL, sizeof(*k->control), PROT_READ | PROT_WRITE, MAP_SHARED,
			  bpf_object__find_map_fd_by_name(obj, "sample_control"), 0);
	if (k->control == MAP_FAILED) {
		k->control = NULL;
		return -errno;
	}
	fill_free_slots(t, bpf_object__find_map_fd_by_name(t->shared.first, "free_kernel_slots"));
	set_interval(k, INTERVAL_MIN);
	*ret = TAKE_PTR(k);
	return 0;
}

void kernel_paths__close(struct kernel_paths *k)
{
	if (!k)
		return;
	if (k->control) {
		set_interval(k, 0);
		munmap(k->control, sizeof(*k->control));
	}
	vec_free(&k->keys);
	vec_free(&k->samples);
	vec_free(&k->stacks);
	hmap_free(&k->stack_index);
	free(k);
}

static int read_samples(struct kernel_paths *k)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	__u64 next[2];
	int err = 0;

	k->samples.n = 0;
	while (!err) {
		__u32 n = BATCH;

		if (vec_reserve(&k->keys, k->samples.n + n) ||
		    vec_reserve(&k->samples, k->samples.n + n))
			return -ENOMEM;
		err = bpf_map_lookup_batch(k->samples_fd, k->samples.n ? next : NULL, next,
					   &k->keys.v[k->samples.n], &k->samples.v[k->samples.n],
					   &n, &opts);
		if (!err || err == -ENOENT) /* the end */
			k->samples.n += n;
	}
	return err == -ENOENT ? 0 : err;
}

/* Reading all of the kernel's symbols takes a tenth of a second: not before it is needed. */
static const struct text_ranges *irq_entries_for(const struct kernel_paths *k,
						 const struct mt_kstack *s)
{
	bool told = k->pages->tracer->machine.config.async_rung != MT_ASYNC_GFP;

	return told && !s->in_async ? NULL : code_book__irq_entries(k->book);
}

static int add_stack(struct kernel_paths *k, uint64_t key, const struct mt_kstack *s)
{
	const struct hmap_key at = {{key, 0, 0}};
	struct known_stack known = {};
	uint64_t ip[MT_KSTACK_DEPTH];
	uint32_t i;
	size_t n;
	int err;

	if (hmap_get(&k->stack_index, at, &i))
		return 0;
	if (k->stacks.n >= STACKS_MAX) {
		k->n_stacks_over++;
		return 0;
	}
	n = irq_own_frames(irq_entries_for(k, s), s, &known.irq);
	memcpy(ip, s->ip, sizeof(ip));
	err = code_book__kernel_stack(k->book, ip, n, &known.leaf);
	known.complete = known.leaf && (known.irq || n < MT_KSTACK_DEPTH);
	if (!err)
		err = vec_push(&k->stacks, known);
	return err ? err : hmap_put(&k->stack_index, at, k->stacks.n - 1);
}

/* Takes them out of the kernel's map, which has room for those of one tick. */
static int take_stacks(struct kernel_paths *k)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	_cleanup_free_ struct mt_kstack *stacks = malloc(BATCH * sizeof(*stacks));
	__u64 keys[BATCH], next[2];
	int err = 0, added = 0;
	bool first = true;

	if (!stacks)
		return -ENOMEM;
	while (!err && !added) {
		__u32 n = BATCH;

		err = bpf_map_lookup_and_delete_batch(k->stacks_fd, first ? NULL : next, next, keys,
						      stacks, &n, &opts);
		first = false;
		for (__u32 i = 0; (!err || err == -ENOENT) && i < n; i++)
			added = added ?: add_stack(k, keys[i], &stacks[i]);
	}
	return added ?: err == -ENOENT ? 0 : err;
}

static struct known_stack stack_of(const struct kernel_paths *k, uint64_t key)
{
	uint32_t i;

	if (!key || !hmap_get(&k->stack_index, (struct hmap_key){{key, 0, 0}}, &i))
		return (struct known_stack){};
	return k->stacks.v[i];
}

/* Of the sample's pages, those that nobody has freed yet; 0..1. */
static double live_share(const struct kernel_paths *k, uint64_t key,
			 const struct mt_kernel_sample *s)
{
	uint32_t id = (uint32_t)key;
	const struct mt_slot *slot;
	int32_t live;

	if (id >= pages_n_slots(k->pages) || !s->pages)
		return 0;
	slot = &k->pages->slots[id];
	live = __atomic_load_n(&slot->live, __ATOMIC_RELAXED);
	if (live <= 0 || __atomic_load_n(&slot->turn, __ATOMIC_RELAXED) != key >> 32)
		return 0;
	return (uint32_t)live >= s->pages ? 1 : (double)live / s->pages;
}

static uint64_t hash_of(const char comm[static COMM_SIZE])
{
	uint64_t w[COMM_SIZE / sizeof(uint64_t)];

	memcpy(w, comm, sizeof(w));
	return (w[0] ^ w[1] * 0x9e3779b97f4a7c15ULL) >> 32;
}

/* Of interrupts a path for each cgroup that their pages are charged to, if any.
 *
 * A machine that starts programs all the time would fill the table with paths of processes that
 * are long gone: from some number on those of one name are told together. */
static int find_path(struct kernel_paths *k, struct path_sample *like, uint64_t cgroup,
		     uint32_t *ret)
{
	struct path_table *t = &k->book->table;
	size_t n_before = t->paths.n;
	uint64_t exec_id = like->proc.pid ? 0 : (uint32_t)cgroup;
	int err;

	if (k->n_paths >= PROC_PATHS_MAX && !path_table__has(t, like, exec_id)) {
		like->proc = (struct proc_id){};
		exec_id = hash_of(like->comm);
	}
	err = path_table__path(t, like, exec_id, ret);
	k->n_paths += t->paths.n - n_before;
	return err;
}

static int add_sample(struct kernel_paths *k, uint64_t key, const struct mt_kernel_sample *s)
{
	struct known_stack stack = stack_of(k, s->stack);
	struct path_sample like = {
		.domain = PATH_KERNEL, .leaf = stack.leaf, .complete = stack.complete};
	double live = s->interval ? live_share(k, key, s) : 0;
	/* Where an interrupt came in, the process it hit is not who asked. */
	uint64_t cgroup = s->charged || !stack.irq ? s->cgroup : 0;
	struct sample_weight w;
	struct path_entry *e;
	uint32_t path;
	int err;

	if (!live)
		return 0;
	if (s->tgid && !stack.irq) {
		like.proc.pid = s->tgid;
		like.proc.start_ticks = s->start_ns / (NS_PER_S / k->pages->ticks_per_s);
		memcpy(like.comm, s->comm, sizeof(like.comm));
	}
	err = find_path(k, &like, cgroup, &path);
	if (err)
		return err;
	w = sample_weigh(s->pages * k->pages->page_size, s->interval);
	e = &k->book->table.paths.v[path - 1];
	if (cgroup && (like.proc.pid || !*like.comm)) { /* not of several */
		e->cgroup = cgroup;
		e->charged = s->charged;
	}
	e->live += w.bytes * live;
	e->variance += w.variance * live * live;
	e->now.samples++;
	if (!e->now.oldest || s->time_ns < e->now.oldest)
		e->now.oldest = s->time_ns;
	return 0;
}

static int add_all(struct kernel_paths *k)
{
	int err;

	code_book__look_at_modules(k->book);
	err = take_stacks(k);
	err = err ?: cgroup_names__take(&k->book->cgroups, k->cgroups_fd);
	path_table__begin(&k->book->table, PATH_KERNEL);
	for (size_t i = 0; !err && i < k->samples.n; i++)
		err = add_sample(k, k->keys.v[i], &k->samples.v[i]);
	path_table__end(&k->book->table, PATH_KERNEL);
	return err;
}

int kernel_paths__update(struct kernel_paths *k)
{
	/* Samples before stacks: a sample's stack is there when it is. */
	int err = read_samples(k);

	if (err)
		return err;
	pthread_mutex_lock(&k->book->lock);
	err = add_all(k);
	pthread_mutex_unlock(&k->book->lock);
	set_interval(
		k, kernel_paths_interval((uint32_t)k->samples.n, k->pages->tracer->n_kernel_slots));
	return err;
}

int kernel_paths__limits(const struct kernel_paths *k, struct limits *l)
{
	if (!k->n_stacks_over)
		return 0;
	return limits__set(l, "kernel_stacks_over", k->n_stacks_over,
			   "kernel call stacks beyond those that are told apart: their pages are "
			   "counted to paths without one");
}
