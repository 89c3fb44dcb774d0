/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/kernel_class.h"

#include <string.h>

enum class_id {
	CLASS_SLAB,
	CLASS_LARGE_KMALLOC,
	CLASS_PACKET_RING,
	CLASS_PIPE,
	CLASS_PAGE_TABLE,
	CLASS_STACK,
	CLASS_BPF_RING,
	CLASS_BPF,
	CLASS_PERF_RING,
	CLASS_TRACE_RING,
	CLASS_IO_URING,
	CLASS_PAGE_POOL,
	CLASS_SOCKET,
	CLASS_ZSMALLOC,
	CLASS_KVM,
	CLASS_MODULE_TEXT,
	CLASS_PERCPU,
	CLASS_VMALLOC,
	CLASS_PAGE_CACHE,
	CLASS_DRIVER,
	CLASS_OTHER,
	_CLASS_MAX,
};

#define CLASS(name, line)                                                                          \
	{                                                                                          \
		name, line, line                                                                   \
	}
static const struct kernel_class classes[_CLASS_MAX] = {
	[CLASS_SLAB] = {"slab", LEDGER_SLAB_UNRECLAIMABLE, LEDGER_SLAB_RECLAIMABLE},
	/* Not counted in Slab: NR_SLAB_* are of slab pages only (mm/slab_common.c). */
	[CLASS_LARGE_KMALLOC] = CLASS("kmalloc of whole pages", LEDGER_KERNEL_PAGES),
	[CLASS_PACKET_RING] = CLASS("packet rings", LEDGER_PACKET_RINGS),
	[CLASS_PIPE] = CLASS("pipe buffers", LEDGER_PIPES),
	[CLASS_PAGE_TABLE] = CLASS("page tables", LEDGER_PAGE_TABLES),
	[CLASS_STACK] = CLASS("kernel stacks", LEDGER_KERNEL_STACKS),
	[CLASS_BPF_RING] = CLASS("BPF ring buffers", LEDGER_BPF_RINGS),
	[CLASS_BPF] = CLASS("BPF maps and programs", LEDGER_VMALLOC),
	[CLASS_PERF_RING] = CLASS("perf rings", LEDGER_PERF_RINGS),
	[CLASS_TRACE_RING] = CLASS("trace buffers", LEDGER_KERNEL_PAGES),
	[CLASS_IO_URING] = CLASS("io_uring rings", LEDGER_IO_URING),
	[CLASS_PAGE_POOL] = CLASS("network page pools", LEDGER_PAGE_POOLS),
	[CLASS_SOCKET] = CLASS("socket buffers", LEDGER_SOCKETS),
	[CLASS_ZSMALLOC] = {"zsmalloc (zram, zswap)", LEDGER_ZSMALLOC, LEDGER_ZSWAP},
	[CLASS_KVM] = CLASS("KVM", LEDGER_SECONDARY_PAGE_TABLES),
	[CLASS_MODULE_TEXT] = CLASS("kernel modules", LEDGER_VMALLOC),
	[CLASS_PERCPU] = CLASS("per-CPU memory", LEDGER_PERCPU),
	[CLASS_VMALLOC] = CLASS("vmalloc", LEDGER_VMALLOC),
	[CLASS_PAGE_CACHE] = {"page cache", LEDGER_PAGE_CACHE, LEDGER_BUFFERS},
	[CLASS_DRIVER] = CLASS("driver", LEDGER_KERNEL_PAGES),
	[CLASS_OTHER] = CLASS("other", LEDGER_KERNEL_PAGES),
};

/*
 * Who gives a class away. The first rule of the table with a frame anywhere on
 * the stack decides: what is certain comes first, then users of page-sized
 * memory, last the mechanisms they go through. Suffixes of the compiler
 * (.isra.0, .constprop.0, .cold) and _noprof (6.10 on) do not matter; a name
 * that ends in * stands for all that begin so.
 */
static const struct {
	enum class_id id;
	const char *function;
} rules[] = {
	/* An object's memory is the cache's, whoever needed the new slab. */
	{CLASS_SLAB, "allocate_slab"},
	{CLASS_SLAB, "new_slab"},
	{CLASS_LARGE_KMALLOC, "___kmalloc_large_node"},
	{CLASS_LARGE_KMALLOC, "__kmalloc_large_node"},
	{CLASS_LARGE_KMALLOC, "kmalloc_large*"},
	{CLASS_LARGE_KMALLOC, "kmalloc_order*"}, /* up to 5.16 */
	{CLASS_PAGE_TABLE, "pte_alloc_one"},
	{CLASS_PAGE_TABLE, "__pte_alloc*"},
	{CLASS_PAGE_TABLE, "__pmd_alloc"},
	{CLASS_PAGE_TABLE, "__pud_alloc"},
	{CLASS_PAGE_TABLE, "__p4d_alloc"},
	{CLASS_PAGE_TABLE, "pgd_alloc"},
	{CLASS_STACK, "alloc_thread_stack_node"},
	{CLASS_STACK, "dup_task_struct"},
	{CLASS_STACK, "copy_process"},
	{CLASS_PACKET_RING, "packet_set_ring"},
	{CLASS_PACKET_RING, "alloc_pg_vec"},
	{CLASS_PIPE, "pipe_write"},
	{CLASS_PIPE, "anon_pipe_write"}, /* 6.14 on */
	{CLASS_PIPE, "iter_file_splice_write"},
	{CLASS_PERF_RING, "perf_mmap"},
	{CLASS_PERF_RING, "rb_alloc*"},
	{CLASS_TRACE_RING, "ring_buffer_alloc*"},
	{CLASS_TRACE_RING, "ring_buffer_resize"},
	{CLASS_TRACE_RING, "__rb_allocate_pages"},
	{CLASS_IO_URING, "io_create_region*"},
	{CLASS_IO_URING, "io_mem_alloc*"},
	{CLASS_IO_URING, "io_pages_map"},
	{CLASS_IO_URING, "io_uring_*"},
	{CLASS_IO_URING, "__x64_sys_io_uring_*"},
	{CLASS_IO_URING, "__arm64_sys_io_uring_*"},
	{CLASS_IO_URING, "__do_sys_io_uring_*"},
	{CLASS_BPF_RING, "bpf_ringbuf_*"},
	{CLASS_BPF_RING, "ringbuf_map_alloc"},
	{CLASS_BPF, "bpf_map_area_alloc"},
	{CLASS_BPF, "__bpf_map_area_alloc"},
	{CLASS_BPF, "bpf_prog_alloc*"},
	{CLASS_BPF, "bpf_prog_pack_alloc"},
	{CLASS_BPF, "bpf_check"},
	{CLASS_BPF, "__sys_bpf"},
	{CLASS_PAGE_POOL, "page_pool_alloc*"},
	{CLASS_PAGE_POOL, "__page_pool_alloc*"},
	{CLASS_SOCKET, "__alloc_skb"},
	{CLASS_SOCKET, "sock_alloc_send_pskb"},
	{CLASS_SOCKET, "alloc_skb_with_frags"},
	{CLASS_SOCKET, "skb_page_frag_refill"},
	{CLASS_SOCKET, "sk_page_frag_refill"},
	{CLASS_SOCKET, "__netdev_alloc_frag_align"},
	{CLASS_SOCKET, "__napi_alloc_*"},
	{CLASS_SOCKET, "napi_alloc_*"},
	{CLASS_ZSMALLOC, "zs_malloc"},
	{CLASS_ZSMALLOC, "alloc_zspage"},
	{CLASS_KVM, "kvm_*"},
	{CLASS_MODULE_TEXT, "load_module"},
	{CLASS_MODULE_TEXT, "module_alloc"},
	{CLASS_PERCPU, "pcpu_alloc*"},
	{CLASS_PERCPU, "pcpu_populate_chunk"},
	{CLASS_PERCPU, "pcpu_balance_workfn"},
	{CLASS_VMALLOC, "__vmalloc_node_range"},
	{CLASS_VMALLOC, "__vmalloc_area_node"},
	{CLASS_VMALLOC, "vm_area_alloc_pages"},
	{CLASS_PAGE_CACHE, "__filemap_get_folio"},
	{CLASS_PAGE_CACHE, "filemap_alloc_folio"},
	{CLASS_PAGE_CACHE, "pagecache_get_page"},
	{CLASS_PAGE_CACHE, "page_cache_ra_*"},
};

#define N_RULES (sizeof(rules) / sizeof(rules[0]))

/* Length of a name without what the compiler and allocation profiling append. */
static size_t plain_length(const char *name)
{
	static const char noprof[] = "_noprof";
	const char *dot = strchr(name, '.');
	size_t n = dot && dot > name ? (size_t)(dot - name) : strlen(name);

	if (n > sizeof(noprof) - 1 &&
	    !memcmp(name + n - (sizeof(noprof) - 1), noprof, sizeof(noprof) - 1))
		n -= sizeof(noprof) - 1;
	return n;
}

static bool matches(const char *rule, const char *name, size_t n)
{
	size_t len = strlen(rule);

	if (rule[len - 1] == '*')
		return n >= len - 1 && !memcmp(rule, name, len - 1);
	return n == len && !memcmp(rule, name, n);
}

/* The kernel proper is a module in brackets, as perf and the symbolizer write it. */
static const char *driver_in(const struct path_frame *f)
{
	return f->module && f->module[0] && f->module[0] != '[' ? f->module : NULL;
}

/* How pages and objects are had by everybody: never who asked for them. */
static const char *const allocators[] = {
	"__alloc_frozen_pages*",
	"__alloc_pages*",
	"alloc_pages*",
	"alloc_frozen_pages*",
	"__folio_alloc*",
	"folio_alloc*",
	"__get_free_page*",
	"get_free_page*",
	"get_zeroed_page",
	"alloc_slab_page",
	"allocate_slab",
	"new_slab*",
	"___slab_alloc",
	"__slab_alloc*",
	"__kmalloc*",
	"___kmalloc*",
	"kmalloc*",
	"kzalloc*",
	"kmem_cache_alloc*",
	"__kmem_cache_alloc*", /* 6.1 to 6.8 */
	"kvmalloc*",
	"__kvmalloc*",
	"krealloc*",
	"__krealloc*",
	"kmemdup*",
	"__vmalloc*",
	"vmalloc*",
	"vzalloc*",
	"vm_area_alloc_pages",
	"dma_alloc_*",
	"__dma_direct_alloc*",
	"dma_direct_alloc*",
	"new_slab_objects",
	"slab_alloc_node",
	"kmalloc_order*",
	"alloc_page",
	"__bpf_map_area_alloc",
	"bpf_map_area_alloc",
};

static bool is_allocator(const struct path_frame *f)
{
	size_t n = f->function ? plain_length(f->function) : 0;

	for (size_t i = 0; n && i < sizeof(allocators) / sizeof(allocators[0]); i++)
		if (matches(allocators[i], f->function, n))
			return true;
	return false;
}

static const struct kernel_class *class_by_rules(const struct path_frames *frames)
{
	size_t best = N_RULES;

	vec_for_each(f, frames) {
		size_t n = f->function ? plain_length(f->function) : 0;

		for (size_t i = 0; n && i < best; i++)
			if (matches(rules[i].function, f->function, n))
				best = i;
	}
	return best < N_RULES ? &classes[rules[best].id] : NULL;
}

struct kernel_asker kernel_asker_of(const struct path_frames *frames)
{
	struct kernel_asker a = {.class = class_by_rules(frames)};

	while (a.frame < frames->n && !driver_in(&frames->v[a.frame]) &&
	       is_allocator(&frames->v[a.frame]))
		a.frame++;
	for (size_t i = a.frame; i < frames->n && !a.driver; i++)
		a.driver = driver_in(&frames->v[i]);
	if (!a.class)
		a.class = &classes[a.driver ? CLASS_DRIVER : CLASS_OTHER];
	return a;
}
