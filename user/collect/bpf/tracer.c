/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/bpf/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "collect/bpf/syscall_event.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

/* 128 bytes each; a machine that forks faster than owners are recycled (once a
 * second) overflows into a bucket, which is counted. */
#define MAX_OWNERS 16384

/* Live samples: at one per 512 KiB as many as 16 GiB give. */
#define SAMPLE_SLOTS 32768
/* Live samples of kernel pages: collect/kernel_samples.c makes do with them. A stack is there from
 * its first sample to the next tick. */
#define KERNEL_SLOTS 8192
#define KERNEL_STACKS 2048
/* Processes that are sampled at a time. */
#define MAX_TARGETS 4096
/* A burst of a hundred deep stacks, or several hundred usual ones; what comes beyond it is
 * counted. Larger ones would be most of what we take beside the owner table. */
#define SAMPLE_RING_BYTES (1u << 20)
/* Calls are many small records and few with a stack. */
#define VMA_RING_BYTES (512u << 10)

/* Order of attachment: what is freed must be seen from before anything is
 * allocated, else the first pages never come off. */
static const struct {
	enum bpf_source_id source;
	const char *program; /* NULL: the page_alloc variant of this machine */
	bool optional;	     /* newer or older kernels do not have its tracepoint */
} programs[] = {
	{SOURCE_ASYNC, "softirq_enter", false},
	{SOURCE_ASYNC, "softirq_leave", false},
	{SOURCE_ASYNC, "hardirq_enter", false},
	{SOURCE_ASYNC, "hardirq_leave", false},
	{SOURCE_MIGRATE, "migrate_pte", true}, /* 5.18 */
	{SOURCE_MIGRATE, "migrate_pmd", true}, /* 5.18 */
	{SOURCE_MIGRATE, "collapse", true},
	{SOURCE_TASK, "task_fork", false},
	{SOURCE_TASK, "task_exec", false},
	{SOURCE_TASK, "task_exit", false},
	{SOURCE_PAGE, "page_free", false},
	{SOURCE_FILEMAP, "filemap_add", false},
	{SOURCE_PAGE, NULL, false},
};

static void lose(struct tracer *t, struct features *features, enum bpf_source_id id,
		 const char *reason, const char *fix)
{
	snprintf(t->reason[id], sizeof(t->reason[id]), "%s", reason);
	features__set(features, bpf_sources[id].name, FEATURE_MISSING, fix, "no %s: %s",
		      bpf_sources[id].gives, reason);
	log_debug("source %s: %s", bpf_sources[id].name, reason);
}

/* Those that have to do with pages have their maps together. */
static struct bpf_shared *shared_of(struct tracer *t, enum bpf_source_id id)
{
	switch (id) {
	case SOURCE_TASK_ITER:
	case SOURCE_OOM:
	case SOURCE_OBJECTS:
		return NULL;
	case SOURCE_VMA:
		return &t->vma_maps;
	default:
		return &t->shared;
	}
}

static void load_source(struct tracer *t, struct features *features, enum bpf_source_id id)
{
	struct bpf_spec spec = {
		.config = &t->machine.config,
		.shared = shared_of(t, id),
		.autoload = id == SOURCE_PAGE ? t->machine.page_alloc : NULL,
	};
	char reason[BPF_REASON_SIZE];
	int err;

	if (t->disabled[id]) {
		lose(t, features, id, "switched off by --no-source", "");
		return;
	}
	spec.elf = bpf_sources[id].elf(&spec.elf_size);
	err = bpf_load(&spec, reason, &t->obj[id]);
	if (err && bpf_sources[id].elf_old) {
		log_debug("source %s: %s; trying the one for older kernels", bpf_sources[id].name,
			  reason);
		spec.elf = bpf_sources[id].elf_old(&spec.elf_size);
		err = bpf_load(&spec, reason, &t->obj[id]);
	}
	if (err)
		lose(t, features, id, reason, "see the kernel's words with -vv");
	else
		features__set(features, bpf_sources[id].name, FEATURE_WORKS, "", "%s",
			      bpf_sources[id].gives);
}

/* The async source is needed only where preempt_count cannot be read, and what
 * became of it is a constant of the page programs: so it comes first. */
static void load_async(struct tracer *t, struct features *features)
{
	if (t->machine.config.async_rung == MT_ASYNC_PREEMPT_COUNT)
		return;
	load_source(t, features, SOURCE_ASYNC);
	if (t->obj[SOURCE_ASYNC]) {
		features__set(features, "interrupts", FEATURE_DEGRADED,
			      "a kernel built with CONFIG_KALLSYMS_ALL saves this cost",
			      "told apart by irq and softirq tracepoints");
		return;
	}
	t->machine.config.async_rung = MT_ASYNC_GFP;
	features__set(features, "interrupts", FEATURE_MISSING, "",
		      "kernel pages taken by interrupts can be counted to the process they hit");
}

/* Attached at once: it has nothing to do with the pages. */
static void load_oom(struct tracer *t, struct features *features)
{
	char reason[BPF_REASON_SIZE];

	load_source(t, features, SOURCE_OOM);
	if (!t->obj[SOURCE_OOM] ||
	    !bpf_attach(t->obj[SOURCE_OOM], "oom_mark_victim", &t->links, reason))
		return;
	lose(t, features, SOURCE_OOM, reason, "");
	bpf_object__close(t->obj[SOURCE_OOM]);
	t->obj[SOURCE_OOM] = NULL;
}

static int attach_calls(struct tracer *t, char reason[static BPF_REASON_SIZE])
{
	static const char *const calls[] = {"mmap", "munmap", "mremap", "brk"};
	struct bpf_object *obj = t->obj[SOURCE_VMA];
	int fd = t->call_events_fd, err = 0;
	char program[32], event[32];

	for (size_t i = 0; !err && i < N_ELEMS(calls); i++) {
		snprintf(program, sizeof(program), "vma_enter_%s", calls[i]);
		snprintf(event, sizeof(event), "sys_enter_%s", calls[i]);
		err = bpf_attach_syscall(obj, program, fd, event, &t->calls, reason);
		snprintf(event, sizeof(event), "sys_exit_%s", calls[i]);
		err = err ?: bpf_attach_syscall(obj, "vma_exit", fd, event, &t->calls, reason);
	}
	return err;
}

int tracer__trace_calls(struct tracer *t, bool on)
{
	char reason[BPF_REASON_SIZE];
	int err;

	bpf_links__free(&t->calls);
	if (!on || !t->obj[SOURCE_VMA])
		return 0;
	err = attach_calls(t, reason);
	if (err)
		log_debug("calls of mmap and brk: %s", reason);
	return err;
}

static int attach_vma(struct tracer *t, int root_fd, char reason[static BPF_REASON_SIZE])
{
	/* Who begins and ends from before the first call is seen. */
	static const char *const life[] = {"vma_fork", "vma_exec", "vma_exit_process"};
	int err = 0;

	t->call_events_fd = syscall_events_open(root_fd);
	if (t->call_events_fd < 0) {
		snprintf(reason, BPF_REASON_SIZE, "tracefs: %s", strerror(-t->call_events_fd));
		return t->call_events_fd;
	}
	for (size_t i = 0; !err && i < N_ELEMS(life); i++)
		err = bpf_attach(t->obj[SOURCE_VMA], life[i], &t->links, reason);
	return err ?: attach_calls(t, reason);
}

/* A system call that is traced makes all of the machine dearer: only where somebody is watched,
 * whom the stacks are copied for. */
static void load_vma(struct tracer *t, int root_fd, struct features *features)
{
	const struct bpf_map_size sizes[] = {
		{"vma_targets", MAX_TARGETS, 0, 0},
		{"vma_ring", VMA_RING_BYTES, 0, 0},
		{"vma_scratch", t->machine.config.n_cpus,
		 sizeof(struct mt_vma) + t->machine.config.stack_bytes + MT_STACK_SLACK, 0},
		{NULL, 0, 0, 0},
	};
	size_t n_links = t->links.n;
	char reason[BPF_REASON_SIZE];

	if (!t->machine.config.stack_bytes)
		return;
	t->vma_maps.sizes = sizes;
	load_source(t, features, SOURCE_VMA);
	t->vma_maps.sizes = NULL;
	if (!t->obj[SOURCE_VMA] || !attach_vma(t, root_fd, reason))
		return;
	while (t->links.n > n_links)
		bpf_link__destroy(t->links.v[--t->links.n]);
	bpf_links__free(&t->calls);
	lose(t, features, SOURCE_VMA, reason, "a kernel built with CONFIG_FTRACE_SYSCALLS");
	bpf_object__close(t->obj[SOURCE_VMA]);
	t->obj[SOURCE_VMA] = NULL;
}

static void allow_locked_memory(void)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

	/* From 5.11 on BPF memory is accounted to the memory cgroup and this limit
	 * means nothing: a refusal (no CAP_SYS_RESOURCE) is no error. */
	if (setrlimit(RLIMIT_MEMLOCK, &unlimited))
		log_debug_errno(errno, "RLIMIT_MEMLOCK not raised, ignoring");
}

static void fill_free_ids(struct tracer *t)
{
	int fd = bpf_object__find_map_fd_by_name(t->shared.first, "free_ids");

	/* A stack: the lowest ids are handed out first, which keeps the table dense. */
	for (__u32 id = t->max_owners - 1; id >= MT_FIRST_OWNER; id--)
		if (bpf_map_update_elem(fd, NULL, &id, BPF_ANY))
			break;
}

static void set_cpu_offsets(struct tracer *t, enum bpf_source_id id)
{
	int fd = tracer__has(t, id) ? bpf_object__find_map_fd_by_name(t->obj[id], "cpu_offset")
				    : -ENOENT;
	__u32 zero = 0;

	if (fd >= 0 && bpf_map_update_elem(fd, &zero, t->machine.cpu_offset, BPF_ANY))
		log_debug_errno(errno, "per-CPU offsets not set, ignoring");
}

/* Every map of bpf/owner.bpf.h. */
static void share_maps(struct tracer *t)
{
	uint32_t stack = t->machine.config.stack_bytes;
	const struct bpf_map_size sizes[] = {
		{"page_owner", t->machine.config.n_pages / MT_CHUNK, 0, 0},
		{"owners", t->max_owners, 0, 0},
		{"owner_ids", t->max_owners, 0, 0},
		{"free_ids", t->max_owners, 0, 0},
		{"cpu_state", 1, 0, 0},
		{"exits", 1, 0, 0},
		{"huge_last", 256, 0, 0},
		{"sample_slots", t->n_slots + t->n_kernel_slots, 0, 0},
		{"kernel_samples", t->n_kernel_slots, 0, 0},
		{"free_kernel_slots", t->n_kernel_slots, 0, 0},
		{"kstacks", KERNEL_STACKS, 0, 0},
		{"targets", t->n_slots ? MAX_TARGETS : 1, 0, 0},
		{"free_slots", t->n_slots ?: 1, 0, 0},
		{"sample_ring", t->n_slots ? SAMPLE_RING_BYTES : (__u32)getpagesize(), 0, 0},
		{"sample_scratch", t->n_slots ? t->machine.config.n_cpus : 1,
		 sizeof(struct mt_sample) + stack + MT_STACK_SLACK, 0},
		{NULL, 0, 0, 0},
	};

	static_assert(sizeof(sizes) <= sizeof(t->sizes), "");
	memcpy(t->sizes, sizes, sizeof(sizes));
	t->shared.sizes = t->sizes;
}

int tracer__open(int root_fd, const bool disabled[_SOURCE_MAX], uint32_t stack_bytes,
		 struct features *features, struct tracer **ret)
{
	_cleanup_free_ struct tracer *t = calloc(1, sizeof(*t));
	int err, n_loaded = 0;

	if (!t)
		return -ENOMEM;
	memcpy(t->disabled, disabled, sizeof(t->disabled));
	t->call_events_fd = -1;
	if (faccessat(root_fd, "sys/kernel/btf/vmlinux", R_OK, 0)) {
		err = -errno;
		features__set(features, "bpf", FEATURE_MISSING,
			      "a kernel built with CONFIG_DEBUG_INFO_BTF",
			      "sys/kernel/btf/vmlinux: %s", strerror(-err));
		return err;
	}
	bpf_log_init();
	allow_locked_memory();
	err = machine_probe(root_fd, features, &t->machine);
	if (err)
		return err;
	t->max_owners = MAX_OWNERS;
	t->machine.config.stack_bytes = stack_bytes;
	t->machine.config.page_bytes = getpagesize();
	t->n_slots = stack_bytes ? SAMPLE_SLOTS : 0;
	t->n_kernel_slots = KERNEL_SLOTS;
	t->machine.config.kernel_slots = t->n_kernel_slots;
	t->machine.config.first_kernel_slot = t->n_slots;
	share_maps(t);
	if (!t->disabled[SOURCE_PAGE])
		load_async(t, features);
	load_source(t, features, SOURCE_PAGE);
	for (int id = SOURCE_FILEMAP; t->obj[SOURCE_PAGE] && id <= SOURCE_MIGRATE; id++)
		load_source(t, features, id);
	load_source(t, features, SOURCE_TASK_ITER);
	load_source(t, features, SOURCE_OBJECTS);
	load_oom(t, features);
	load_vma(t, root_fd, features);
	for (int id = 0; id < _SOURCE_MAX; id++)
		n_loaded += t->obj[id] != NULL;
	if (!n_loaded) {
		tracer__close(TAKE_PTR(t));
		return -ENODATA;
	}
	if (t->shared.first)
		fill_free_ids(t);
	set_cpu_offsets(t, SOURCE_TASK_ITER);
	set_cpu_offsets(t, SOURCE_TASK);
	features__set(features, "bpf", FEATURE_WORKS, "", "programs load and attach");
	*ret = TAKE_PTR(t);
	return 0;
}

/* From here on the page programs may trust that they are told of each thread that ends. */
static void count_exits(const struct tracer *t)
{
	int fd = bpf_object__find_map_fd_by_name(t->shared.first, "exits");
	const __u64 one = 1;
	__u32 zero = 0;

	if (bpf_map_update_elem(fd, &zero, &one, BPF_ANY))
		log_debug_errno(errno, "exits are not counted, ignoring");
}

void tracer__attach(struct tracer *t, struct features *features)
{
	char reason[BPF_REASON_SIZE];

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		enum bpf_source_id id = programs[i].source;
		const char *name = programs[i].program ?: t->machine.page_alloc;

		if (!t->obj[id])
			continue;
		if (bpf_attach(t->obj[id], name, &t->links, reason) == 0) {
			if (!strcmp(name, "task_exit"))
				count_exits(t);
			continue;
		}
		if (programs[i].optional) {
			features__set(features, bpf_sources[id].name, FEATURE_DEGRADED, "", "%s",
				      reason);
			snprintf(t->reason[id], sizeof(t->reason[id]), "%s", reason);
			continue;
		}
		/* Programs of this source that attached already stay until the end: each
		 * is right by itself, and only the missing one's part is lost. */
		lose(t, features, id, reason, "");
	}
}

void tracer__close(struct tracer *t)
{
	if (!t)
		return;
	bpf_links__free(&t->calls);
	cleanup_close(&t->call_events_fd);
	bpf_links__free(&t->links);
	for (int id = 0; id < _SOURCE_MAX; id++)
		bpf_object__close(t->obj[id]);
	free(t);
}

bool tracer__has(const struct tracer *t, enum bpf_source_id id)
{
	return t && t->obj[id];
}

int tracer__limits(struct tracer *t, struct limits *l)
{
	uint64_t missed = 0;
	int err = 0;

	for (int id = 0; !err && id < _SOURCE_MAX; id++) {
		char kind[LIMIT_KIND_SIZE];
		struct bpf_prog_stats stats;

		if (t->obj[id]) {
			bpf_prog_stats(t->obj[id], &stats);
			missed += shared_of(t, id) == &t->shared ? stats.missed : 0;
		}
		if (!t->reason[id][0])
			continue;
		snprintf(kind, sizeof(kind), "source_%s", bpf_sources[id].name);
		err = limits__set(l, kind, 0, "without %s: %s", bpf_sources[id].gives,
				  t->reason[id]);
	}
	if (!err && missed)
		err = limits__set(l, "events_missed", missed,
				  "page events came while our program ran on the same CPU and were "
				  "not seen; each is at most one block of pages off");
	return err;
}

void tracer__self(const struct tracer *t, struct self_sample *self)
{
	for (int id = 0; id < _SOURCE_MAX; id++) {
		struct bpf_prog_stats stats;

		if (!t->obj[id])
			continue;
		bpf_prog_stats(t->obj[id], &stats);
		self->bpf_ns += stats.run_ns;
	}
	self->bpf_ns_known = self->bpf_ns != 0;
	if (t->shared.first)
		self->map_bytes = bpf_map_memory(t->shared.first);
	if (t->obj[SOURCE_VMA])
		self->map_bytes += bpf_map_memory(t->obj[SOURCE_VMA]);
}
