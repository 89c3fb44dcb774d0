/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/bpf/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "collect/bpf/rights.h"
#include "collect/bpf/object.h"

#include "calibrate.skel.h"

#define PAGEMAP_PFN ((1ULL << 55) - 1)
#define PAGEMAP_PRESENT (1ULL << 63)
#define CALIBRATE_PAGES 4 /* as many must agree */

static bool line_is(struct cursor line, const char *prefix, struct cursor *ret_rest)
{
	size_t n = strlen(prefix);

	while (line.p < line.end && *line.p == ' ')
		line.p++;
	if ((size_t)(line.end - line.p) < n || memcmp(line.p, prefix, n))
		return false;
	*ret_rest = (struct cursor){line.p + n, line.end};
	return true;
}

__u64 zoneinfo_end_pfn(struct cursor text)
{
	uint64_t spanned = 0, start, end = 0;
	struct cursor line, rest;

	/* A zone prints "spanned" before "start_pfn:". */
	while (cursor_line(&text, &line) == 0) {
		if (line_is(line, "spanned ", &rest)) {
			if (cursor_u64(&rest, &spanned))
				spanned = 0;
		} else if (line_is(line, "start_pfn:", &rest) && cursor_u64(&rest, &start) == 0 &&
			   spanned && start + spanned > end) {
			end = start + spanned;
		}
	}
	return end;
}

static __u64 read_end_pfn(int root_fd)
{
	_cleanup_free_ char *buf = NULL;
	size_t cap = 0;
	ssize_t n = read_file_grow(root_fd, "proc/zoneinfo", &buf, &cap, 4 << 20);

	return n < 0 ? 0 : zoneinfo_end_pfn((struct cursor){buf, buf + n});
}

/* Which preempt_count the CPU has, if it can be read: the object is small, so
 * each variant is simply tried. */
static int load_probe(int root_fd, struct machine *m, struct features *features,
		      struct bpf_object **ret)
{
	static const struct {
		const char *probe, *page_alloc, *where;
		enum mt_async_rung rung;
	} variants[] = {
		{"probe_pc", "page_alloc_pc", "__preempt_count", MT_ASYNC_PREEMPT_COUNT},
		{"probe_hot", "page_alloc_hot", "pcpu_hot.preempt_count", MT_ASYNC_PREEMPT_COUNT},
		{NULL, "page_alloc", NULL, MT_ASYNC_FLAGS},
	};
	struct bpf_spec spec = {.config = &m->config};
	char reason[BPF_REASON_SIZE];
	struct bpf_refusal refusal;
	int err = -EINVAL;

	spec.elf = calibrate_bpf__elf_bytes(&spec.elf_size);
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		spec.autoload = variants[i].probe;
		err = bpf_load(&spec, reason, ret);
		if (err)
			continue;
		m->page_alloc = variants[i].page_alloc;
		m->config.async_rung = variants[i].rung;
		if (variants[i].where)
			features__set(features, "interrupts", FEATURE_WORKS, "", "told apart by %s",
				      variants[i].where);
		return 0;
	}
	refusal = bpf_refused_here(root_fd, err, reason);
	features__set(features, "bpf", FEATURE_MISSING, refusal.fix, "%s", refusal.why);
	return err;
}

/* Faults a page in and asks which page frame it got. 0 when we may not know. */
static __u64 fault_one(int pagemap, size_t page_size)
{
	char *p = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u64 entry = 0;

	if (p == MAP_FAILED)
		return 0;
	*(volatile char *)p = 1;
	if (pread(pagemap, &entry, sizeof(entry), (uintptr_t)p / page_size * 8) != sizeof(entry))
		entry = 0;
	munmap(p, page_size);
	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_PFN : 0;
}

static int calibrate_pages(struct bpf_object *obj, struct machine *m)
{
	_cleanup_close_ int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	_cleanup_(bpf_links__free) struct bpf_links links = {};
	_cleanup_free_ struct mt_calibration *c = calloc(1, sizeof(*c));
	int map = bpf_object__find_map_fd_by_name(obj, "calibration");
	size_t page_size = sysconf(_SC_PAGESIZE);
	char reason[BPF_REASON_SIZE];
	__u64 base = 0;
	__u32 zero = 0;
	int err;

	if (pagemap < 0)
		return -errno;
	if (!c)
		return -ENOMEM;
	err = bpf_attach(obj, "calibrate_page", &links, reason);
	if (err)
		return log_debug_errno(err, "%s", reason);
	for (int i = 0; i < CALIBRATE_PAGES; i++) {
		__u64 pfn = fault_one(pagemap, page_size), guess;

		if (!pfn)
			return -EPERM;
		if (bpf_map_lookup_elem(map, &zero, c))
			return -errno;
		guess = c->page - (pfn << m->config.page_shift);
		if (i && guess != base)
			return -EAGAIN; /* the page we saw was another one of ours */
		base = guess;
	}
	m->config.page_base = base;
	return 0;
}

static int calibrate_cpus(struct bpf_object *obj, struct machine *m)
{
	_cleanup_(bpf_links__free) struct bpf_links links = {};
	_cleanup_free_ struct mt_calibration *c = calloc(1, sizeof(*c));
	int map = bpf_object__find_map_fd_by_name(obj, "calibration");
	char reason[BPF_REASON_SIZE], drain[256];
	__u32 zero = 0;
	int err;

	if (!c)
		return -ENOMEM;
	err = bpf_attach(obj, "calibrate_percpu", &links, reason);
	if (err)
		return log_debug_errno(err, "%s", reason);
	{
		_cleanup_close_ int fd = bpf_iter_create(bpf_link__fd(links.v[0]));

		if (fd < 0)
			return -errno;
		while (read(fd, drain, sizeof(drain)) > 0)
			;
	}
	if (bpf_map_lookup_elem(map, &zero, c))
		return -errno;
	for (__u32 cpu = 0; cpu < m->config.n_cpus; cpu++) {
		if (!c->percpu_base || !c->percpu_address[cpu])
			return -ENODATA;
		m->cpu_offset[cpu] = c->percpu_address[cpu] - c->percpu_base;
	}
	return 0;
}

static int struct_page_shift(__u32 *ret)
{
	struct btf *btf = btf__load_vmlinux_btf();
	__s32 id = btf ? btf__find_by_name_kind(btf, "page", BTF_KIND_STRUCT) : -errno;
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;
	__u32 size = t ? t->size : 0;

	btf__free(btf);
	/* 64 bytes on every 64-bit configuration of our two architectures. */
	if (!size || size & (size - 1))
		return -ENODATA;
	*ret = __builtin_ctz(size);
	return 0;
}

static void size_table(struct machine *m, __u64 end_pfn)
{
	m->has_pfn = m->config.page_base != 0;
	m->config.page_mask = ~0ULL;
	m->config.n_pages = (end_pfn + MT_CHUNK - 1) / MT_CHUNK * MT_CHUNK;
	if (m->has_pfn)
		return;
	/* Modulo a power of two not below the span no two pages meet. */
	m->config.n_pages = MT_CHUNK;
	while (m->config.n_pages < end_pfn)
		m->config.n_pages *= 2;
	m->config.page_mask = m->config.n_pages - 1;
}

int machine_probe(int root_fd, struct features *features, struct machine *ret)
{
	struct bpf_object *obj = NULL;
	struct machine m = {};
	__u64 end_pfn = read_end_pfn(root_fd);
	int err, tries = 3;

	if (!end_pfn)
		return -ENODATA;
	m.config.n_cpus = libbpf_num_possible_cpus();
	m.config.calibrate_tid = syscall(SYS_gettid);
	err = struct_page_shift(&m.config.page_shift);
	if (err) {
		features__set(features, "bpf", FEATURE_MISSING,
			      "a kernel built with CONFIG_DEBUG_INFO_BTF", "no kernel BTF: %s",
			      strerror(-err));
		return err;
	}
	err = load_probe(root_fd, &m, features, &obj);
	if (err)
		return err;
	do
		err = calibrate_pages(obj, &m);
	while (err == -EAGAIN && --tries);
	if (err)
		log_debug_errno(err, "page frame numbers cannot be told, ignoring");
	if (m.config.n_cpus > MT_MAX_CPUS || calibrate_cpus(obj, &m))
		memset(m.cpu_offset, 0, sizeof(m.cpu_offset));
	bpf_object__close(obj);
	size_table(&m, end_pfn);
	features__set(features, "page frames", m.has_pfn ? FEATURE_WORKS : FEATURE_DEGRADED,
		      m.has_pfn ? "" : "run with CAP_SYS_ADMIN",
		      m.has_pfn ? "owner table indexed by page frame number"
				: "frame numbers hidden: moved pages cannot be followed");
	*ret = m;
	return 0;
}
