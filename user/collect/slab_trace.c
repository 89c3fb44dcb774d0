/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/slab_trace.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hmap.h"
#include "base/log.h"
#include "collect/sample_sums.h"

#include "slab.skel.h"

#define NS_PER_S 1000000000ull
#define GFP_RECLAIMABLE 0x10u
#define GFP_ACCOUNT 0x400000u
#define MAX_STACKS 8192
#define BATCH 512
/* Above it kmalloc hands out whole pages (KMALLOC_MAX_CACHE_SIZE: two pages). */
#define KMALLOC_CACHE_MAX(page_size) (2 * (page_size))

/* Frees before allocations, as for pages. */
static const struct {
	const char *program;
	bool optional;
} programs[] = {
	{"slab_kfree", false},
	{"slab_cache_free", false},
	{"slab_kfree_bulk", true}, /* 5.8, CONFIG_RCU_TRACE */
	{"slab_kmalloc", false},
	{"slab_kmalloc_node", true}, /* up to 6.0 */
	{NULL, false},		     /* one of layouts[] */
	{"slab_cache_alloc_node_old", true},
};

/* Of kmem_cache_alloc: the one that loads is the one this kernel has. */
static const char *const layouts[] = {"slab_cache_alloc", "slab_cache_alloc_old"};

struct slab_trace {
	struct bpf_object *obj;
	struct bpf_links links;
	const struct text_ranges *irq; /* NULL: interrupts are not told apart */
	bool bulk_unseen;
	int objects_fd, stacks_fd, names_fd, cpu_fd;
	uint64_t interval;
	uint32_t n_cpus;
	uint64_t page_size, ticks_per_s;
	VEC(struct mt_object) objects; /* of the last reading */
	struct hmap stack_index;       /* stack key -> stacks */
	VEC(struct mt_kstack) stacks;  /* cut at interrupts; never forgotten: at most MAX_STACKS */
	struct hmap groups;
};

static void slab_trace__closep(struct slab_trace **t)
{
	slab_trace__close(*t);
}

static int load(struct slab_trace *t, uint32_t max_objects, char reason[static BPF_REASON_SIZE],
		const char **ret_layout)
{
	const struct bpf_map_size sizes[] = {
		{"slab_objects", max_objects, 0, 0},
		{"kstacks", MAX_STACKS, 0, 0},
		{NULL, 0, 0, 0},
	};
	struct bpf_shared shared = {.sizes = sizes};
	struct bpf_spec spec = {.shared = &shared};
	int err = -ENOENT;

	spec.elf = slab_bpf__elf_bytes(&spec.elf_size);
	for (size_t i = 0; err && i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		spec.autoload = layouts[i];
		err = bpf_load(&spec, reason, &t->obj);
		*ret_layout = layouts[i];
	}
	return err;
}

static int attach(struct slab_trace *t, const char *layout, char reason[static BPF_REASON_SIZE])
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		const char *name = programs[i].program ?: layout;
		int err;

		err = bpf_attach(t->obj, name, &t->links, reason);
		if (err && !programs[i].optional)
			return err;
		if (err && !strcmp(name, "slab_kfree_bulk"))
			t->bulk_unseen = true;
	}
	reason[0] = '\0'; /* of an optional one */
	return 0;
}

int slab_trace__open(const struct slab_trace_options *o, char reason[static BPF_REASON_SIZE],
		     struct slab_trace **ret)
{
	_cleanup_(slab_trace__closep) struct slab_trace *t = calloc(1, sizeof(*t));
	const struct mt_slab_control control = {.interval = o->interval,
						.own_tgid = (uint32_t)getpid()};
	const char *layout;
	uint32_t zero = 0;
	int err, fd;

	if (!t)
		return -ENOMEM;
	err = load(t, o->max_objects, reason, &layout);
	if (err)
		return err;
	t->interval = o->interval;
	t->n_cpus = libbpf_num_possible_cpus();
	t->page_size = sysconf(_SC_PAGESIZE);
	t->ticks_per_s = sysconf(_SC_CLK_TCK);
	t->objects_fd = bpf_object__find_map_fd_by_name(t->obj, "slab_objects");
	t->stacks_fd = bpf_object__find_map_fd_by_name(t->obj, "kstacks");
	t->names_fd = bpf_object__find_map_fd_by_name(t->obj, "slab_names");
	t->cpu_fd = bpf_object__find_map_fd_by_name(t->obj, "slab_cpu");
	fd = bpf_object__find_map_fd_by_name(t->obj, "slab_control");
	if (bpf_map_update_elem(fd, &zero, &control, BPF_ANY))
		return -errno;
	t->irq = o->irq;
	err = attach(t, layout, reason);
	if (err)
		return err;
	*ret = TAKE_PTR(t);
	return 0;
}

void slab_trace__close(struct slab_trace *t)
{
	if (!t)
		return;
	bpf_links__free(&t->links);
	bpf_object__close(t->obj);
	vec_free(&t->objects);
	vec_free(&t->stacks);
	hmap_free(&t->stack_index);
	hmap_free(&t->groups);
	free(t);
}

static int read_objects(struct slab_trace *t)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	__u64 keys[BATCH], next[2];
	bool first = true;
	int err = 0;

	t->objects.n = 0;
	while (!err) {
		__u32 n = BATCH;

		if (vec_reserve(&t->objects, t->objects.n + n))
			return -ENOMEM;
		err = bpf_map_lookup_batch(t->objects_fd, first ? NULL : next, next, keys,
					   &t->objects.v[t->objects.n], &n, &opts);
		if (!err || err == -ENOENT) /* the end */
			t->objects.n += n;
		first = false;
	}
	return err == -ENOENT ? 0 : err;
}

/* Index of a stack in t->stacks, read from the kernel once. 0 or -errno. */
static int find_stack(struct slab_trace *t, uint64_t key, uint32_t *ret)
{
	const struct hmap_key at = {{key, 0, 0}};
	struct mt_kstack stack;
	int err;

	if (hmap_get(&t->stack_index, at, ret))
		return 0;
	if (bpf_map_lookup_elem(t->stacks_fd, &key, &stack))
		return -errno;
	if (stack.n > MT_KSTACK_DEPTH)
		stack.n = MT_KSTACK_DEPTH;
	*ret = t->stacks.n;
	err = vec_push(&t->stacks, stack);
	return err ? err : hmap_put(&t->stack_index, at, *ret);
}

size_t slab_trace__stack(struct slab_trace *t, uint64_t key, uint64_t ret[static MT_KSTACK_DEPTH],
			 bool *ret_complete)
{
	uint32_t i;
	size_t n;
	bool irq;

	if (!key || find_stack(t, key, &i))
		return 0;
	n = irq_own_frames(t->irq, &t->stacks.v[i], &irq);
	memcpy(ret, t->stacks.v[i].ip, n * sizeof(ret[0]));
	*ret_complete = irq || n < MT_KSTACK_DEPTH;
	return n;
}

static bool in_interrupt(struct slab_trace *t, uint64_t key)
{
	bool irq = false;
	uint32_t i;

	if (t->irq && key && !find_stack(t, key, &i))
		irq_own_frames(t->irq, &t->stacks.v[i], &irq);
	return irq;
}

/* As the kernel names its kmalloc caches (mm/slab_common.c). */
static void name_kmalloc(const struct slab_trace *t, const struct mt_object *o,
			 struct slab_holding *ret)
{
	const char *kind = o->gfp & GFP_RECLAIMABLE ? "-rcl" : o->gfp & GFP_ACCOUNT ? "-cg" : "";

	ret->large = o->size > KMALLOC_CACHE_MAX(t->page_size);
	if (ret->large)
		snprintf(ret->cache, sizeof(ret->cache), "kmalloc of whole pages");
	else if (o->size >= 1024 && o->size % 1024 == 0)
		snprintf(ret->cache, sizeof(ret->cache), "kmalloc%s-%uk", kind, o->size / 1024);
	else
		snprintf(ret->cache, sizeof(ret->cache), "kmalloc%s-%u", kind, o->size);
}

static void describe(struct slab_trace *t, const struct mt_object *o, struct slab_holding *ret)
{
	struct mt_slab_name name;

	*ret = (struct slab_holding){.stack = o->stack, .oldest_ns = o->time_ns};
	if (!in_interrupt(t, o->stack)) {
		ret->id.pid = o->tgid;
		ret->id.start_ticks = o->start_ns / (NS_PER_S / t->ticks_per_s);
		memcpy(ret->comm, o->comm, sizeof(ret->comm));
	}
	if (!o->cache)
		name_kmalloc(t, o, ret);
	else if (o->cache != MT_SLAB_UNNAMED && !bpf_map_lookup_elem(t->names_fd, &o->cache, &name))
		snprintf(ret->cache, sizeof(ret->cache), "%.*s", (int)sizeof(name.name), name.name);
}

static struct hmap_key group_key(const struct mt_object *o, bool irq)
{
	uint64_t cache = o->cache;

	if (!cache)
		cache = (uint64_t)o->size << 32 | (o->gfp & (GFP_RECLAIMABLE | GFP_ACCOUNT));
	if (irq)
		return (struct hmap_key){{o->stack, cache, 0}};
	return (struct hmap_key){{o->stack, cache, o->start_ns << 22 ^ o->tgid}};
}

static int add_object(struct slab_trace *t, const struct mt_object *o, struct slab_holdings *ret)
{
	const struct sample_weight w = o->interval ? sample_weigh(o->size, o->interval)
						   : (struct sample_weight){.bytes = o->size};
	struct hmap_key key = group_key(o, in_interrupt(t, o->stack));
	struct slab_holding *h;
	uint32_t i;
	int err = 0;

	if (!hmap_get(&t->groups, key, &i)) {
		struct slab_holding new;

		i = ret->n;
		describe(t, o, &new);
		err = vec_push(ret, new);
		if (!err)
			err = hmap_put(&t->groups, key, i);
	}
	if (err)
		return err;
	h = &ret->v[i];
	h->live += w.bytes;
	h->variance += w.variance;
	h->samples++;
	if (h->id.pid)
		h->cgroup = o->cgroup;
	if (o->time_ns < h->oldest_ns)
		h->oldest_ns = o->time_ns;
	return 0;
}

int slab_trace__read(struct slab_trace *t, uint64_t min_age_ns, struct slab_holdings *ret)
{
	uint64_t now_ns;
	int err;

	err = read_objects(t);
	if (err)
		return err;
	now_ns = clock_ns(CLOCK_BOOTTIME);
	ret->n = 0;
	hmap_clear(&t->groups);
	for (size_t i = 0; !err && i < t->objects.n; i++)
		if (t->objects.v[i].time_ns + min_age_ns <= now_ns)
			err = add_object(t, &t->objects.v[i], ret);
	return err;
}

int slab_trace__cgroups_fd(const struct slab_trace *t)
{
	return bpf_object__find_map_fd_by_name(t->obj, "cgroup_names");
}

static uint64_t sum_count(const struct slab_trace *t, enum mt_slab_count which)
{
	_cleanup_free_ struct mt_slab_cpu *cpu = calloc(t->n_cpus, sizeof(*cpu));
	uint64_t sum = 0;
	uint32_t zero = 0;

	if (!cpu || bpf_map_lookup_elem(t->cpu_fd, &zero, cpu))
		return 0;
	for (uint32_t i = 0; i < t->n_cpus; i++)
		sum += cpu[i].count[which];
	return sum;
}

int slab_trace__limits(const struct slab_trace *t, struct limits *l)
{
	struct bpf_prog_stats stats;
	uint64_t full = sum_count(t, MT_SLAB_FULL), no_stack = sum_count(t, MT_SLAB_NO_STACK);
	int err = 0;

	bpf_prog_stats(t->obj, &stats);
	if (full)
		err = limits__set(
			l, "slab_samples_lost", full,
			"sampled slab objects that found no room: their bytes are missing "
			"from the slab paths");
	if (!err && no_stack)
		err = limits__set(l, "slab_stacks_lost", no_stack,
				  "sampled slab objects whose call path was not kept");
	if (!err && stats.missed)
		err = limits__set(l, "slab_events_missed", stats.missed,
				  "slab events that came while our program ran on the same CPU; a "
				  "free among them leaves an object counted until its address is "
				  "used again");
	if (!err && t->bulk_unseen)
		err = limits__set(
			l, "slab_bulk_frees", 0,
			"this kernel does not tell what kfree_rcu() frees by the pageful: "
			"counted until its address is used again");
	if (!err && !t->irq)
		err = limits__set(
			l, "slab_interrupts", 0,
			"kernel symbols are hidden: objects taken by interrupts count for "
			"the process they hit");
	return err;
}
